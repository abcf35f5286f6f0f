import type { BatchKind } from '../model/batches.ts'
import { bothWays, nameTables, type Expression } from '../query/index.ts'

export const reporters = ['all', 'one'] as const

export type RowSelection = Readonly<{
  bothWays?: boolean
  /** `one`: each flow as one node reports it. */
  reporters?: (typeof reporters)[number]
}>

export const reportersText =
  '`one`: each flow once. If two nodes report a flow, one as egress and one as ingress, the egress row ' +
  '(`node_direction = 1`) is omitted if the destination ' +
  'has an owner, because its node reports the ingress row.'

/** Depends on the row alone, so that stored and live results agree. */
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

export function withSelection(filter: Expression, kind: BatchKind, selection: RowSelection): Expression {
  const directed = selection.bothWays === true ? bothWays(filter, nameTables[kind]) : filter
  if (selection.reporters !== 'one') return directed
  const once: Expression = { is: 'not', part: leavesForWorkload }
  return directed.is === 'and' && directed.parts.length === 0 ? once : { is: 'and', parts: [once, directed] }
}
