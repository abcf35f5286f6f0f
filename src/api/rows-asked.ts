/** Which flows are meant beside what a filter says: one meaning for pages, sums, exports, completion and live views. */
import type { BatchKind } from '../model/batches.ts'
import { bothWays, nameTables, type Expression } from '../query/index.ts'

export const reporters = ['all', 'one'] as const

export interface RowsAsked {
  /** Also rows that match with source and destination exchanged. */
  readonly bothWays?: boolean
  /** `one`: each flow as one node tells of it. */
  readonly reporters?: (typeof reporters)[number]
}

export const reportersText =
  '`one`: each flow once. If two nodes report a flow, one as egress and one as ingress, the egress row (`node_direction = 1`) is omitted if the destination ' +
  'has an owner, because its node reports the ingress row.'

/** A row by itself says whether it counts, so that every answer, stored or live, leaves out the same ones. */
const leavesForWorkload: Expression = {
  is: 'and',
  parts: [
    {
      is: 'test',
      subject: { name: 'node_direction' },
      operator: '=',
      values: [{ is: 'literal', text: '1', quoted: false }],
    },
    { is: 'exists', subject: { name: 'dst_owner_name' } },
  ],
}

export function rowsAsked(filter: Expression, kind: BatchKind, asked: RowsAsked): Expression {
  const ways = asked.bothWays === true ? bothWays(filter, nameTables[kind]) : filter
  if (asked.reporters !== 'one') return ways
  const once: Expression = { is: 'not', part: leavesForWorkload }
  return ways.is === 'and' && ways.parts.length === 0 ? once : { is: 'and', parts: [once, ways] }
}
