import type { TraceColumn, TraceColumns } from '../../api/traces.ts'
import { refText } from '../../state/refs.ts'
import { generalText } from '../../text/general.ts'

export const rowHeight = 26
const maxLines = 400

export type Placed = Readonly<{
  column: number
  /** -1: the others of the column. */
  rank: number
  name: string
  value: string | null
  traces: number
  failed: number
  incidents: number
  y: number
}>

export type Line = Readonly<{
  column: number
  from: Placed
  to: Placed
  traces: number
  failed: number
}>

type Layout = Readonly<{
  columns: readonly (readonly Placed[])[]
  lines: readonly Line[]
  left: number
  height: number
}>

export function nameOf(column: TraceColumn['column'], value: string | null, label: string | null): string {
  if (value === null) return generalText.unknown
  if (column === 'actor') return label ?? value.replace(/^user:[^/]*\//, '')
  if (column === 'action') return label === null ? value : `${label} ${value}`
  return column === 'resource' ? (label ?? refText(value)) : value
}

export function layoutOf({ columns, edges }: TraceColumns): Layout {
  const placed = columns.map(({ column, nodes, others }, at) => [
    ...nodes.map(({ value, label, traces, failed, incidents }, rank) => ({
      column: at,
      rank,
      name: nameOf(column, value, label),
      value,
      traces,
      failed,
      incidents,
      y: (rank + 0.5) * rowHeight,
    })),
    ...(others.values > 0
      ? [
          {
            column: at,
            rank: -1,
            name: generalText.remaining(others.values.toLocaleString()),
            value: null,
            traces: others.traces,
            failed: others.failed,
            incidents: others.incidents,
            y: (nodes.length + 0.5) * rowHeight,
          },
        ]
      : []),
  ])
  const find = (column: number, rank: number): Placed | undefined => placed[column]?.find((node) => node.rank === rank)
  const lines = edges
    .flatMap(({ column, from, to, traces, failed }) => {
      const [a, b] = [find(column, from), find(column + 1, to)]
      return a === undefined || b === undefined ? [] : [{ column, from: a, to: b, traces, failed }]
    })
    .toSorted((a, b) => b.traces - a.traces)
  return {
    columns: placed,
    lines: lines.slice(0, maxLines),
    left: Math.max(0, lines.length - maxLines),
    height: Math.max(1, ...placed.map((nodes) => nodes.length)) * rowHeight,
  }
}

export function stepFrom(
  { columns, lines }: Layout,
  at: Placed,
  key: 'ArrowUp' | 'ArrowDown' | 'ArrowLeft' | 'ArrowRight' | 'Home' | 'End',
): Placed | undefined {
  const nodes = columns[at.column] ?? []
  const index = nodes.indexOf(at)
  if (key === 'ArrowUp' || key === 'ArrowDown') return nodes[index + (key === 'ArrowUp' ? -1 : 1)]
  if (key === 'Home' || key === 'End') return nodes.at(key === 'Home' ? 0 : -1)
  return key === 'ArrowRight' ? lines.find((line) => line.from === at)?.to : lines.find((line) => line.to === at)?.from
}
