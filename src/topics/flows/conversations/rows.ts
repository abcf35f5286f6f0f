/** Conversations as rows of a frame. */
import { conversationNames } from '../../../model/conversation-lists.ts'
import { flowNames } from '../../../query/index.ts'
import { conversationInitiator, isoOf, type Direction } from '../../../query/plan/index.ts'
import { columnOf } from '../columns.ts'
import type { FlowColumn } from '../schema.ts'
import type { SumRow } from '../sums/request.ts'

const column = (name: string, of: string): FlowColumn => ({ ...columnOf(flowNames.field(of)!), name })
const parts = ['addr', 'port', ...conversationNames] as const
const sums = ['bytes', 'packets', 'flows'] as const
const units = { bytes: 'By', packets: '{packet}', flows: '{flow}' } as const

export const conversationColumns: readonly FlowColumn[] = [
  ...(['client', 'server'] as const).flatMap((end) => parts.map((part) => column(`${end}_${part}`, `src_${part}`))),
  column('proto', 'proto'),
  { name: 'initiator', type: 'VARCHAR' },
  column('time_first', 'time_start'),
  column('time_last', 'time_end'),
  ...sums.flatMap((sum) =>
    ['out', 'in'].map((way) => ({
      name: `${sum}_${way}`,
      type: sum === 'flows' ? 'BIGINT' : 'HUGEINT',
      unit: units[sum],
    })),
  ),
  column('tcp_flags_out', 'tcp_flags'),
  column('tcp_flags_in', 'tcp_flags'),
  column('rtt_min', 'rtt'),
  column('rtt_max', 'rtt'),
  { name: 'drop_packets', type: 'HUGEINT', unit: '{packet}' },
]

const numberOf = (value: unknown) => (value === null || value === undefined ? null : Number(value))

export function conversationCells(row: SumRow): readonly unknown[] {
  const direction = (way: 'ab' | 'ba'): Direction => ({
    flows: Number(row[`_flows_${way}`] ?? 0),
    flags: numberOf(row[`_flags_${way}`]),
    opens: row[`_opens_${way}`] === true,
    sourceListens: row[`_source_listens_${way}`] === true,
    targetListens: row[`_target_listens_${way}`] === true,
    first: numberOf(row[`_first_${way}`]),
  })
  const [ab, ba] = [direction('ab'), direction('ba')]
  const { isA, by } = conversationInitiator(ab, ba, { a: numberOf(row['_a_port']), b: numberOf(row['_b_port']) })
  const [client, server, out, back] = isA ? ['a', 'b', 'ab', 'ba'] : ['b', 'a', 'ba', 'ab']
  const first = Math.min(...[ab, ba].flatMap((way) => way.first ?? []))
  return [
    ...[client, server].flatMap((end) => parts.map((part) => row[`_${end}_${part}`] ?? null)),
    row['_proto'] ?? null,
    by,
    isoOf(BigInt(first)),
    isoOf(BigInt(Number(row['_last']))),
    ...sums.flatMap((sum) => [out, back].map((way) => row[`_${sum}_${way}`] ?? null)),
    row[`_flags_${out}`] ?? null,
    row[`_flags_${back}`] ?? null,
    row['_rtt_min'] ?? null,
    row['_rtt_max'] ?? null,
    row['_drop_packets'] ?? null,
  ]
}
