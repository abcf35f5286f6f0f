import { useMemo, useState } from 'react'
import { count, volume } from '../format.ts'
import type { GridColumn } from '../grid.tsx'
import { amount, measureNames } from '../measure-names.ts'
import { packetCount, packetsPart } from '../packet-count.ts'
import { isOnRequest, measures, type Measure } from '../measures.ts'
import { EdgeGrid, endColumns, endsOf, figure, notDrawn } from './edge-grid.tsx'
import type { Amounts, Graph } from './fold.ts'
import { TroubleText, troubleText } from './trouble-text.tsx'
import type { Trouble } from './trouble.ts'
import { generalText } from '../../text/general.ts'
import { topologyText } from './text.ts'

type Line = Amounts & ReturnType<typeof endsOf> & Readonly<{ edges: number; trouble?: Trouble | undefined }>

const sorts = ['from', 'to', ...measures, 'edges'] as const

const columns: readonly GridColumn<Line>[] = [
  ...endColumns,
  figure('bytes', generalText.bytes, ({ bytes }) => <span title={count(bytes)}>{volume(bytes)}</span>, 90),
  figure('packets', generalText.packets, (line) => packetCount(line) ?? '–', 90),
  figure('flows', generalText.flows, ({ flows }) => count(flows), 80),
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

const troubles: GridColumn<Line> = {
  id: 'trouble',
  title: topologyText.dropsAndErrors,
  width: 170,
  csv: ({ trouble }) => (trouble === undefined ? null : troubleText(trouble)),
  cell: ({ trouble }) => (trouble === undefined ? '' : <TroubleText trouble={trouble} />),
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
    const all = graph.edges.map((edge): Line => ({ ...edge, ...endsOf(graph, edge) }))
    const by = sorts.find((candidate) => sort.replace('-', '') === candidate) ?? 'bytes'
    const sign = sort.startsWith('-') ? -1 : 1
    all.sort(
      (a, b) => sign * (typeof a[by] === 'number' ? a[by] - Number(b[by]) : String(a[by]).localeCompare(String(b[by]))),
    )
    return graph.rest.edges === 0 ? all : [...all, { ...graph.rest, ...notDrawn }]
  }, [graph, sort])
  const totalOf = (by: Measure) => lines.reduce((all, line) => all + line[by], 0)
  const sum = (by: Measure) => count(totalOf(by))
  const shown = isOnRequest(measure)
    ? [
        ...columns.slice(0, 2),
        figure(
          measure,
          measureNames[measure],
          (line: Line) => <span title={count(line[measure])}>{amount(measure, line[measure])}</span>,
          120,
        ),
        ...columns.slice(2),
      ]
    : columns
  const hasTrouble = graph.edges.some(({ trouble }) => trouble !== undefined)
  return (
    <EdgeGrid
      label={topologyText.edges}
      columns={hasTrouble ? [...shown, troubles] : shown}
      lines={lines}
      sort={sort}
      onSort={setSort}
      onChoose={onChoose}
      raw={({ from, to, bytes, packets, flows, edges, ...line }) => ({
        source: from,
        destination: to,
        bytes,
        packets: packetCount({ packets, flows }) === undefined ? null : packets,
        flows,
        edges,
        ...(isOnRequest(measure) ? { [measure]: line[measure as 'drop_bytes'] } : {}),
      })}
      sum={topologyText.linesSum(
        sum('bytes'),
        packetsPart({ packets: totalOf('packets'), flows: totalOf('flows') }),
        sum('flows'),
        isOnRequest(measure) ? ` · ${sum(measure)} ${measureNames[measure].toLowerCase()}` : '',
      )}
    />
  )
}
