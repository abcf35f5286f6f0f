import type { SeveritySum } from '../../api/insights.ts'
import { count, counted } from '../../parts/format.ts'
import { insightsText } from '../../text/insights.ts'
import { SeverityText } from './columns.tsx'

/** Numbers by severity. Two screens that count ids and findings would disagree: both are here, with their names. */
export function Tiles({
  sums,
  chosen,
  onToggle,
}: Readonly<{
  sums: readonly SeveritySum[]
  chosen: readonly string[]
  onToggle: (severity: string) => void
}>): React.ReactNode {
  return (
    <div className="insight-tiles" role="group" aria-label={insightsText.severities} title={insightsText.sumsHint}>
      {sums.map(({ severity, ids, findings, fixable, waived }) => (
        <button
          key={severity}
          type="button"
          aria-pressed={chosen.includes(severity)}
          onClick={() => onToggle(severity)}
        >
          <SeverityText of={severity} />
          <b>{counted(ids, 'id')}</b>
          <span className="dim">
            {[
              counted(findings, 'finding'),
              insightsText.fixable(count(fixable)),
              ...(waived > 0 ? [insightsText.waived(count(waived))] : []),
            ].join(' · ')}
          </span>
        </button>
      ))}
    </div>
  )
}
