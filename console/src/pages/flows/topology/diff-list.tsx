import { useMemo, useState } from 'react'
import { count } from '../../../parts/format.ts'
import type { GridColumn } from '../../../parts/grid.tsx'
import { amount, measureNames } from '../overview/names.ts'
import type { Measure } from '../overview/state.ts'
import { changeOf, type Change } from '../../../parts/graph/diff.ts'
import { EdgeGrid, endColumns, endsOf, figure, notDrawn } from '../../../parts/graph/edge-grid.tsx'
import type { Graph } from '../../../parts/graph/fold.ts'
import { topologyText } from '../../../parts/graph/text.ts'

type Line = ReturnType<typeof endsOf> &
  Readonly<{ change: Change; now: number; before: number | undefined; delta: number }>

export const changeNames: Readonly<Record<Change, string>> = {
  added: 'added',
  removed: 'removed',
  more: 'more',
  less: 'less',
  same: 'unchanged',
  unknown: topologyText.previouslyUnknown,
}
export const changeSigns: Readonly<Record<Change, string>> = {
  added: '+',
  removed: '−',
  more: '▲',
  less: '▼',
  same: '=',
  unknown: '?',
}

const columnsOf = (measure: Measure): readonly GridColumn<Line>[] => {
  const value = (size: number | undefined): React.ReactNode =>
    size === undefined ? '–' : <span title={count(size)}>{amount(measure, size)}</span>
  return [
    {
      id: 'change',
      title: topologyText.change,
      width: 110,
      sortable: true,
      cell: ({ change }) => (
        <span className={`change-${change}`}>
          <span aria-hidden="true">{changeSigns[change]}</span> {changeNames[change]}
        </span>
      ),
    },
    ...endColumns,
    figure('before', topologyText.measureBefore(measureNames[measure]), ({ before }) => value(before)),
    figure('now', topologyText.measureNow(measureNames[measure]), ({ now }) => value(now)),
    figure('delta', topologyText.difference, ({ before, delta }) =>
      before === undefined ? (
        '–'
      ) : (
        <span title={signed(delta, count)}>{signed(delta, (size) => amount(measure, size))}</span>
      ),
    ),
  ]
}

function signed(value: number, text: (value: number) => string) {
  return `${value > 0 ? '+' : value < 0 ? '−' : ''}${text(Math.abs(value))}`
}

export function DiffList({
  graph,
  measure,
  onChoose,
}: {
  graph: Graph
  measure: Measure
  onChoose: (key: string) => void
}): React.ReactNode {
  const [sort, setSort] = useState('-delta')
  const columns = useMemo(() => columnsOf(measure), [measure])
  const lines = useMemo(() => {
    const all = graph.edges.map((edge): Line => {
      const before = edge.before?.[measure]
      return {
        ...endsOf(graph, edge),
        change: changeOf(edge, measure),
        now: edge[measure],
        before,
        delta: before === undefined ? 0 : edge[measure] - before,
      }
    })
    const by = sort.replace('-', '') as keyof Line
    const sign = sort.startsWith('-') ? -1 : 1
    const size = (line: Line) => (by === 'delta' ? Math.abs(line.delta) : (line[by] ?? 0))
    all.sort((a, b) => {
      const [left, right] = [size(a), size(b)]
      return sign * (typeof left === 'number' ? left - Number(right) : left.localeCompare(String(right)))
    })
    const { rest, earlier } = graph
    if (earlier === undefined || (rest.edges === 0 && earlier.rest.edges === 0)) return all
    return [
      ...all,
      {
        ...notDrawn,
        change: 'same' as const,
        now: rest[measure],
        before: earlier.rest[measure],
        delta: rest[measure] - earlier.rest[measure],
      },
    ]
  }, [graph, measure, sort])
  const sum = (time: 'now' | 'before') => count(lines.reduce((all, line) => all + (line[time] ?? 0), 0))
  return (
    <EdgeGrid
      label={topologyText.edgesCompared}
      columns={columns}
      lines={lines}
      sort={sort}
      onSort={setSort}
      onChoose={onChoose}
      raw={({ change, from, to, before, now }) => ({ change, source: from, destination: to, measure, before, now })}
      sum={topologyText.linesTotal(sum('before'), measureNames[measure].toLowerCase(), sum('now'))}
    />
  )
}
