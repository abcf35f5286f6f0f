import { count } from '../../../parts/format.ts'
import type { Measure } from '../overview/state.ts'
import { changeNames, changeSigns } from './diff-list.tsx'
import { changeOf, changes } from '../../../parts/graph/diff.ts'
import { troubleOf, type TroubleKind } from '../../../parts/graph/trouble.ts'
import type { Graph } from '../../../parts/graph/fold.ts'
import { spansText } from './summary-text.ts'
import type { DiffAnswer } from './use-diff.ts'
import { generalText } from '../../../text/general.ts'
import { topologyText } from '../../../parts/graph/text.ts'

export function DiffLegend({
  graph: { edges },
  measure,
  answer,
}: {
  graph: Graph
  measure: Measure
  answer: DiffAnswer | undefined
}): React.ReactNode {
  const counts = new Map(changes.map((change) => [change, 0]))
  for (const edge of edges) counts.set(changeOf(edge, measure), (counts.get(changeOf(edge, measure)) ?? 0) + 1)
  return (
    <div className="graph-legend">
      <ul aria-label={generalText.changes}>
        {changes
          .filter((change) => change !== 'unknown' || counts.get(change) !== 0)
          .map((change) => (
            <li key={change} className={`change-${change}`}>
              <span aria-hidden="true">{changeSigns[change]}</span> {count(counts.get(change) ?? 0)}{' '}
              {changeNames[change]}
            </li>
          ))}
      </ul>
      {answer !== undefined && <span className="dim">{spansText(answer)}</span>}
    </div>
  )
}

const troubleNames: Readonly<Record<TroubleKind, string>> = {
  drops: topologyText.edgeWithDrops,
  errors: topologyText.edgeWithErrors,
}

/** Meaning of the marks, and the threshold. */
export function GraphLegend({
  graph,
  note,
  children,
}: {
  graph: Graph
  note: string
  children: React.ReactNode
}): React.ReactNode {
  const seen = new Set(graph.edges.map((edge) => troubleOf(edge)))
  return (
    <div className="graph-legend">
      <ul className="symbols" aria-label={topologyText.legend}>
        <li>
          <svg viewBox="0 0 30 12" aria-hidden="true">
            <circle className="legend-node" cx="5" cy="6" r="3" />
            <circle className="legend-node" cx="18" cy="6" r="6" />
          </svg>
          {topologyText.nodeLegend}
        </li>
        {graph.nodes.some(({ stands }) => stands > 1) && (
          <li>
            <svg viewBox="0 0 12 12" aria-hidden="true">
              <rect className="legend-node" x="1" y="1" width="10" height="10" />
            </svg>
            {topologyText.combinedLegend}
          </li>
        )}
        <li>
          <svg viewBox="0 0 30 12" aria-hidden="true">
            <path className="legend-edge" d="M0 6H24" />
            <path className="legend-tip" d="M22 1l8 5-8 5z" />
          </svg>
          {topologyText.edgeLegend}
        </li>
        {(['drops', 'errors'] as const).map(
          (kind) =>
            seen.has(kind) && (
              <li key={kind}>
                <svg viewBox="0 0 30 12" aria-hidden="true">
                  <path className={`legend-${kind}`} d="M0 6H30" />
                </svg>
                {troubleNames[kind]}
              </li>
            ),
        )}
      </ul>
      {note !== '' && <span className="dim">{note}</span>}
      {children}
    </div>
  )
}
