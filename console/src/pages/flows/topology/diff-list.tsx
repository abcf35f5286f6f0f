import { useMemo, useState } from 'react'
import { count } from '../../../parts/format.ts'
import { Grid, type GridColumn } from '../../../parts/grid.tsx'
import { amount, measureNames } from '../overview/names.ts'
import type { Measure } from '../overview/state.ts'
import { changeOf, type Change } from './diff.ts'
import { lineName } from './edge-list.tsx'
import type { Graph } from './fold.ts'
import { topologyText } from '../../../text/topology.ts'
import { generalText } from '../../../text/general.ts'

type Line = Readonly<{
  key: string
  change: Change
  from: string
  to: string
  fromKey: string
  now: number
  before: number | undefined
  delta: number
}>

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
  const figure = (value: number | undefined): React.ReactNode =>
    value === undefined ? '–' : <span title={count(value)}>{amount(measure, value)}</span>
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
    { id: 'from', title: generalText.source, width: 150, grow: 2, sortable: true, cell: ({ from }) => from },
    { id: 'to', title: generalText.destination, width: 150, grow: 2, sortable: true, cell: ({ to }) => to },
    {
      id: 'before',
      title: topologyText.measureBefore(measureNames[measure]),
      width: 110,
      grow: 1,
      end: true,
      sortable: true,
      cell: ({ before }) => figure(before),
    },
    {
      id: 'now',
      title: topologyText.measureNow(measureNames[measure]),
      width: 110,
      grow: 1,
      end: true,
      sortable: true,
      cell: ({ now }) => figure(now),
    },
    {
      id: 'delta',
      title: topologyText.difference,
      width: 110,
      grow: 1,
      end: true,
      sortable: true,
      cell: ({ before, delta }) =>
        before === undefined ? (
          '–'
        ) : (
          <span title={signed(delta, count)}>{signed(delta, (value) => amount(measure, value))}</span>
        ),
    },
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
        key: `${edge.from} ${edge.to}`,
        change: changeOf(edge, measure),
        from: lineName(graph, edge.from),
        to: lineName(graph, edge.to),
        fromKey: graph.nodes[edge.from]?.key ?? '',
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
        key: 'rest',
        change: 'same' as const,
        from: topologyText.notDrawn,
        to: topologyText.notDrawn,
        fromKey: '',
        now: rest[measure],
        before: earlier.rest[measure],
        delta: rest[measure] - earlier.rest[measure],
      },
    ]
  }, [graph, measure, sort])
  const sum = (time: 'now' | 'before') => count(lines.reduce((all, line) => all + (line[time] ?? 0), 0))
  return (
    <>
      <Grid
        label={topologyText.edgesCompared}
        columns={columns}
        rows={lines}
        rowKey={({ key }) => key}
        total={lines.length}
        sort={sort}
        onSort={(id) => setSort(sort === `-${id}` ? id : `-${id}`)}
        onOpen={({ fromKey }) => {
          if (fromKey !== '') onChoose(fromKey)
        }}
      />
      <p className="graph-sum number">
        {topologyText.linesTotal(sum('before'), measureNames[measure].toLowerCase(), sum('now'))}
      </p>
    </>
  )
}
