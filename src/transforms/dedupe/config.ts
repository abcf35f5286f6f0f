import { addressRange } from '../../schema/address.ts'
import { Complaint } from '../../schema/complaint.ts'
import { parseCidr } from '../../model/cidr.ts'
import { choice, defineSchema, duration, integer, list, mapping, text, type ConfigOf } from '../../schema/index.ts'
import { firstUnknown } from '../rows/fields.ts'

export const dedupeSchema = defineSchema({
  type: 'dedupe',
  role: 'transform',
  summary: 'Filters repeats of a key, and flows that several exporters or interfaces report',
  fields: {
    by: list(text({ description: 'A field of flows or events, or `extra.NAME`', required: true, example: 'source' }), {
      description:
        'Fields of the key. Unset, with `exporters`: addresses, ports and protocol of flows; other rows pass',
      default: null,
      usual: true,
      example: ['source', 'id'],
    }),
    exporters: list(
      addressRange({ description: 'An address or a network of exporters', required: true, example: '192.0.2.1' }),
      {
        description:
          'Counts a flow at one exporter and in one direction: of those that reported its key within `window`, the ' +
          'first of this list, then the others by address; of one exporter the ingress. Reports elsewhere are repeats',
        default: null,
        example: ['192.0.2.1', '198.51.100.0/24'],
      },
    ),
    direction: choice(['ingress', 'egress'], {
      description: 'Filters flows of the other direction; those without a direction pass',
      default: null,
      example: 'ingress',
    }),
    interfaces: mapping(
      list(text({ description: 'Index or name of an interface', required: true, example: 'Gi0/0' }), {
        description: 'Interfaces of the exporter',
        required: true,
        example: ['Gi0/0', '7'],
      }),
      {
        description:
          'By address or network of exporters (the longest one applies): the interfaces at which flows count, as ' +
          'input or output. An empty list counts none; flows of other exporters pass',
        default: {},
        example: { '192.0.2.1': ['Gi0/0', '7'], '198.51.100.0/24': [] },
      },
    ),
    window: duration(
      {
        description:
          'A row is a repeat if its key occurred within this time before, by receive time. With `exporters`: longer ' +
          'than their longest active timeout',
        default: '1m',
      },
      { min: '10ms', max: '1h' },
    ),
    keys: integer(
      {
        description: 'Maximum number of remembered keys; the one that occurred longest ago is forgotten first',
        default: 100_000,
      },
      { min: 1, max: 1_000_000 },
    ),
  },
  check({ by, exporters, direction, interfaces }) {
    if (by === null && exporters === null && direction === null && Object.keys(interfaces).length === 0)
      return new Complaint('has no rule', 'set `by`, `exporters`, `direction` or `interfaces`', [])
    for (const range of Object.keys(interfaces))
      if (parseCidr(range) === undefined)
        return new Complaint(
          `\`${range}\` is not a range of addresses`,
          'write it like `10.0.0.0/8` or `2001:db8::/32`',
          ['interfaces', range],
        )
    if (exporters?.length === 0)
      return new Complaint('names no exporter', 'for example `[192.0.2.1]`; `[0.0.0.0/0]` are all', ['exporters'])
    return firstUnknown(by ?? [], 'by')
  },
})

export type DedupeConfig = ConfigOf<typeof dedupeSchema>
