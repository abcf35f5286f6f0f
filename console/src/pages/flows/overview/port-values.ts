import { portText } from '../../../parts/port-names.ts'
import { readableValues } from './names.ts'

// Apart from the other names: the first view of flows has no ports among its groups, and little room for scripts.
for (const field of ['service_port', 'src_port', 'dst_port']) readableValues[field] = (port) => portText(Number(port))
