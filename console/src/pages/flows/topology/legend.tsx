import { count } from '../../../parts/format.ts'
import type { Measure } from '../overview/state.ts'
import { changeNames, changeSigns } from './diff-list.tsx'
import { changeOf, changes } from './diff.ts'
import type { Graph } from './fold.ts'
import { spansText } from './summary-text.ts'
import type { DiffAnswer } from './use-diff.ts'
import { generalText } from '../../../text/general.ts'

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
