import type { SeveritySum } from './requests.ts'
import { count, counted } from '../../parts/format.ts'
import { insightsText } from './text.ts'
import { SeverityText } from './columns.tsx'

/** Numbers by severity. Two screens that count ids and findings would disagree: both are here, with their names. */
export function Tiles({
  sums,
  trend,
  chosen = [],
  onToggle,
}: Readonly<{
  sums: readonly SeveritySum[]
  /** Absent: not drawn. */
  trend?: ReadonlyMap<string, readonly (number | null)[]> | undefined
  chosen?: readonly string[]
  /** Absent: the tiles only state their numbers. */
  onToggle?: (severity: string) => void
}>): React.ReactNode {
  return (
    <div className="insight-tiles" role="group" aria-label={insightsText.severities} title={insightsText.sumsHint}>
      {sums.map((sum) =>
        onToggle === undefined ? (
          <div key={sum.severity} className="insight-tile">
            <TileText of={sum} />
          </div>
        ) : (
          <button
            key={sum.severity}
            type="button"
            aria-pressed={chosen.includes(sum.severity)}
            onClick={() => onToggle(sum.severity)}
          >
            <TileText of={sum}>
              <Trend of={[...(trend?.get(sum.severity) ?? []), sum.ids]} isKnown={trend !== undefined} />
            </TileText>
          </button>
        ),
      )}
    </div>
  )
}

function TileText({
  of: { severity, ids, findings, fixable, waived },
  children,
}: Readonly<{ of: SeveritySum; children?: React.ReactNode }>) {
  return (
    <>
      <SeverityText of={severity} />
      <b>{counted(ids, 'problem')}</b>
      {children}
      <span className="dim">
        {[
          counted(findings, 'finding'),
          insightsText.fixable(count(fixable)),
          ...(waived > 0 ? [insightsText.waived(count(waived))] : []),
        ].join(' · ')}
      </span>
    </>
  )
}

const [width, height] = [96, 18] as const

/** Of ids at the ends of the last days, and now; null: unknown. */
function Trend({ of, isKnown }: Readonly<{ of: readonly (number | null)[]; isKnown: boolean }>): React.ReactNode {
  const most = Math.max(1, ...of.map((value) => value ?? 0))
  const points = of.flatMap((value, at) =>
    value === null
      ? []
      : [
          {
            x: (at * (width - 4)) / Math.max(1, of.length - 1) + 2,
            y: height - 2 - (value / most) * (height - 4),
          },
        ],
  )
  return (
    <svg
      className="trend"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={
        isKnown
          ? insightsText.trendOf(of.map((value) => (value === null ? '–' : count(value))).join(', '))
          : insightsText.noTrend
      }
    >
      {isKnown && (
        <polyline
          points={points.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')}
          fill="none"
          stroke="currentColor"
          strokeWidth="1.5"
        />
      )}
    </svg>
  )
}
