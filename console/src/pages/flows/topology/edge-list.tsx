import { useMemo, useState } from 'react'
import { count, volume } from '../../../parts/format.ts'
import { Grid, type GridColumn } from '../../../parts/grid.tsx'
import { amount, measureNames } from '../overview/names.ts'
import { isOnRequest, measures, type Measure } from '../overview/state.ts'
import { groupName, type Amounts, type Graph } from './fold.ts'
import { generalText } from '../../../text/general.ts'
import { topologyText } from '../../../text/topology.ts'

interface Line extends Amounts {
  readonly key: string
  readonly from: string
  readonly to: string
  readonly fromKey: string
  readonly edges: number
}

const sorts = ['from', 'to', ...measures, 'edges'] as const

const columns: readonly GridColumn<Line>[] = [
  { id: 'from', title: generalText.source, width: 160, grow: 2, sortable: true, cell: ({ from }) => from },
  { id: 'to', title: generalText.destination, width: 160, grow: 2, sortable: true, cell: ({ to }) => to },
  {
    id: 'bytes',
    title: generalText.bytes,
    width: 90,
    grow: 1,
    end: true,
    sortable: true,
    cell: ({ bytes }) => <span title={count(bytes)}>{volume(bytes)}</span>,
  },
  {
    id: 'packets',
    title: generalText.packets,
    width: 90,
    grow: 1,
    end: true,
    sortable: true,
    cell: ({ packets }) => count(packets),
  },
  {
    id: 'flows',
    title: generalText.flows,
    width: 80,
    grow: 1,
    end: true,
    sortable: true,
    cell: ({ flows }) => count(flows),
  },
  {
    id: 'edges',
    title: topologyText.edges,
    hint: topologyText.edgesHint,
    width: 70,
    end: true,
    sortable: true,
    cell: ({ edges }) => count(edges),
  },
]

export function lineName({ nodes }: Graph, at: number): string {
  const node = nodes[at]
  return node === undefined
    ? '?'
    : node.stands === 1
      ? node.label
      : topologyText.labelOfGroup(node.label, groupName(node.group))
}

export function EdgeList({
  graph,
  measure,
  onChoose,
}: {
  graph: Graph
  measure: Measure
  onChoose: (key: string) => void
}): React.ReactNode {
  const [sort, setSort] = useState(`-${measure}`)
  const lines = useMemo(() => {
    const all = graph.edges.map((edge): Line => ({
      ...edge,
      key: `${edge.from} ${edge.to}`,
      from: lineName(graph, edge.from),
      to: lineName(graph, edge.to),
      fromKey: graph.nodes[edge.from]?.key ?? '',
    }))
    const by = sorts.find((each) => sort.replace('-', '') === each) ?? 'bytes'
    const sign = sort.startsWith('-') ? -1 : 1
    all.sort(
      (a, b) => sign * (typeof a[by] === 'number' ? a[by] - Number(b[by]) : String(a[by]).localeCompare(String(b[by]))),
    )
    return graph.rest.edges === 0
      ? all
      : [...all, { ...graph.rest, key: 'rest', from: topologyText.notDrawn, to: topologyText.notDrawn, fromKey: '' }]
  }, [graph, sort])
  const sum = (by: Measure) => count(lines.reduce((all, line) => all + line[by], 0))
  const shown = isOnRequest(measure)
    ? [
        ...columns.slice(0, 2),
        {
          id: measure,
          title: measureNames[measure],
          width: 120,
          grow: 1,
          end: true,
          sortable: true,
          cell: (line: Line) => <span title={count(line[measure])}>{amount(measure, line[measure])}</span>,
        },
        ...columns.slice(2),
      ]
    : columns
  return (
    <>
      <Grid
        label={topologyText.edges}
        columns={shown}
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
        {topologyText.linesSum(
          sum('bytes'),
          sum('packets'),
          sum('flows'),
          isOnRequest(measure) ? ` · ${sum(measure)} ${measureNames[measure].toLowerCase()}` : '',
        )}
      </p>
    </>
  )
}
