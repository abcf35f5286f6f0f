import type { FlowTopology } from '../../../../src/api/published.ts'
import { topologyText } from '../../text/topology.ts'
import { counted } from '../format.ts'

/** Of an estimated number, three digits. */
export function edgesText(edges: number, answer: Pick<FlowTopology, 'total'> | undefined): string {
  return answer?.total.edges_error === undefined
    ? counted(edges, 'edge')
    : topologyText.about(counted(Number(edges.toPrecision(3)), 'edge'))
}
