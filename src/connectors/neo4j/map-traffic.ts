import type { SinkPiece } from '../../engine/contracts.ts'
import type { FlowBatch } from '../../model/batches.ts'
import { isPresent, type Column } from '../../model/columns.ts'
import { workloadRef } from '../../model/refs.ts'

export interface TrafficSum {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly hour: number
  bytes: number
  packets: number
  flows: number
}

const msPerHour = 3_600_000
/** Beyond it the receive time selects the hour. */
const acceptedSkew = { before: msPerHour, after: 60_000 } as const

export function addFlows(
  talks: Map<string, TrafficSum>,
  { header, batch, rows }: SinkPiece,
  counts: (row: number) => boolean,
): void {
  if (batch.kind !== 'flows') return
  const [from, to] = [workloadsOf(batch, 'src'), workloadsOf(batch, 'dst')]
  const [bytes, packets, sampling] = ['bytes', 'packets', 'sampling'].map((name) => numbersOf(batch.columns[name])) as [
    Numbers,
    Numbers,
    Numbers,
  ]
  const timeOf = timesOf(batch, header.received)
  for (const row of rows) {
    const [source, target] = [from(row), to(row)]
    if (source === undefined || target === undefined || !counts(row)) continue
    const hour = Math.floor(timeOf(row) / msPerHour) * msPerHour
    const id = `${hour} ${source} ${target}`
    const talk = talks.get(id) ?? { id, from: source, to: target, hour, bytes: 0, packets: 0, flows: 0 }
    const factor = sampling(row) ?? 1
    talk.bytes += (bytes(row) ?? 0) * factor
    talk.packets += (packets(row) ?? 0) * factor
    talk.flows++
    talks.set(id, talk)
  }
}

type Numbers = (row: number) => number | undefined

function numbersOf(column: Column | undefined): Numbers {
  if (column?.kind === 'u64')
    return (row) =>
      isPresent(column.valid, row)
        ? (column.words[2 * row + 1] ?? 0) * 2 ** 32 + (column.words[2 * row] ?? 0)
        : undefined
  if (column === undefined || !('values' in column)) return () => undefined
  return (row) => (isPresent(column.valid, row) ? column.values[row] : undefined)
}

function textsOf({ columns, dictionary }: FlowBatch, name: string): (row: number) => string | undefined {
  const column = columns[name]
  return column?.kind === 'dict' ? (row) => dictionary[column.codes[row] ?? 0] || undefined : () => undefined
}

function workloadsOf(batch: FlowBatch, end: 'src' | 'dst'): (row: number) => string | undefined {
  const [cluster, kind, namespace, name] = [
    'cluster',
    `${end}_owner_kind`,
    `${end}_namespace`,
    `${end}_owner_name`,
  ].map((column) => textsOf(batch, column)) as [Texts, Texts, Texts, Texts]
  return (row) => {
    const parts = { cluster: cluster(row), kind: kind(row), namespace: namespace(row), name: name(row) }
    return isWhole(parts) ? workloadRef(parts) : undefined
  }
}

type Texts = (row: number) => string | undefined
type Parts = Record<'cluster' | 'kind' | 'namespace' | 'name', string>

function isWhole(parts: { readonly [K in keyof Parts]: string | undefined }): parts is Parts {
  return Object.values(parts).every((part) => part !== undefined)
}

function timesOf(batch: FlowBatch, received: number): (row: number) => number {
  const [end, came, skewed] = ['time_end', 'time_received', 'time_skewed'].map((name) =>
    numbersOf(batch.columns[name]),
  ) as [Numbers, Numbers, Numbers]
  return (row) => {
    const arrived = came(row) ?? received
    const time = end(row)
    return time === undefined ||
      Number.isNaN(time) ||
      skewed(row) === 1 ||
      time < arrived - acceptedSkew.before ||
      time > arrived + acceptedSkew.after
      ? arrived
      : time
  }
}
