import { ExportRows } from '../export-rows.tsx'
import { Grid, type GridColumn } from '../grid.tsx'
import { generalText } from '../../text/general.ts'
import { topologyText } from './text.ts'
import { groupName, type Graph } from './fold.ts'
import './graph.css'

/** `fromKey` is empty for the line of edges that are not drawn. */
type Ends = Readonly<{ key: string; from: string; to: string; fromKey: string }>

export const figure = <Line,>(
  id: string,
  title: string,
  cell: GridColumn<Line>['cell'],
  width = 110,
): GridColumn<Line> => ({ id, title, width, grow: 1, end: true, sortable: true, cell })

export const endColumns: readonly GridColumn<Ends>[] = [
  { id: 'from', title: generalText.source, width: 126, grow: 2, sortable: true, cell: ({ from }) => from },
  { id: 'to', title: generalText.destination, width: 126, grow: 2, sortable: true, cell: ({ to }) => to },
]

export const notDrawn: Ends = { key: 'rest', from: topologyText.notDrawn, to: topologyText.notDrawn, fromKey: '' }

export function endsOf(graph: Graph, { from, to }: Readonly<{ from: number; to: number }>): Ends {
  return {
    key: `${from} ${to}`,
    from: lineName(graph, from),
    to: lineName(graph, to),
    fromKey: graph.nodes[from]?.key ?? '',
  }
}

function lineName({ nodes }: Graph, at: number): string {
  const node = nodes[at]
  return node === undefined
    ? '?'
    : node.stands === 1
      ? node.label
      : topologyText.labelOfGroup(node.label, groupName(node.group))
}

export function EdgeGrid<Line extends Ends>({
  label,
  columns,
  lines,
  sort,
  onSort,
  onChoose,
  sum,
  raw,
}: {
  label: string
  columns: readonly GridColumn<Line>[]
  lines: readonly Line[]
  sort: string
  onSort: (sort: string) => void
  onChoose: (key: string) => void
  sum: string
  /** Plain numbers, with the names of fields. */
  raw: (line: Line) => object
}): React.ReactNode {
  return (
    <>
      <Grid
        label={label}
        columns={columns}
        rows={lines}
        rowKey={({ key }) => key}
        total={lines.length}
        sort={sort}
        onSort={(id) => onSort(sort === `-${id}` ? id : `-${id}`)}
        onOpen={({ fromKey }) => {
          if (fromKey !== '') onChoose(fromKey)
        }}
      />
      <div className="graph-foot edge-foot">
        <p className="graph-sum number">{sum}</p>
        <ExportRows name={label} columns={columns} read={() => Promise.resolve(lines)} raw={raw} />
      </div>
    </>
  )
}
