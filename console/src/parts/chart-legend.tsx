import { markClass } from './chart-colors.ts'
import type { ChartMark, ChartSeries } from './chart.tsx'
import { chosen, isShown, type LegendChoice } from './legend-choice.ts'
import { partsText } from '../text/parts.ts'
import { alertsText } from '../text/alerts.ts'
import { whyText } from './why/text.ts'

type ChartLegendProps = Readonly<{
  series: readonly ChartSeries[]
  hues: readonly number[]
  lines: readonly ChartSeries[]
  choice: LegendChoice
  onChoice: (choice: LegendChoice) => void
}>

/** A click isolates a series; later clicks, and those with Shift or Ctrl, show or hide one. */
export function ChartLegend({ series, hues, lines, choice, onChoice }: ChartLegendProps): React.ReactNode {
  const all = [
    ...series.map((part, index) => ({ name: part.name, mark: markClass(part, hues[index] ?? index) })),
    ...lines.map(({ name }, index) => ({ name, mark: `c-line c-line-${index % 2}` })),
  ]
  const names = all.map(({ name }) => name)
  return all.map(({ name, mark }, index) => {
    const key = `${index} ${name}`
    const text = (
      <>
        <i className={mark} aria-hidden="true" />
        {name}
      </>
    )
    if (all.length < 2)
      return (
        <span key={key} className="legend">
          {text}
        </span>
      )
    return (
      <button
        key={key}
        type="button"
        className="legend"
        aria-pressed={isShown(choice, name)}
        title={partsText.legendHint}
        onClick={({ shiftKey, ctrlKey, metaKey }) =>
          onChoice(chosen(choice, names, name, { modified: shiftKey || ctrlKey || metaKey }))
        }
      >
        {text}
      </button>
    )
  })
}

const markNames = [
  ['change', 'c-4', partsText.changeMark],
  ['rollout', 'c-rollout', whyText.rollout],
  ['audit', 'c-audit', whyText.audit],
  ['gap', 'c-gap', partsText.gapMark],
  ['alert', 'c-alert', alertsText.firingInChart],
] as const

export function MarkLegend({ marks }: { marks: readonly ChartMark[] }): React.ReactNode {
  return markNames
    .filter(([kind]) => marks.some(({ is = 'change' }) => is === kind))
    .map(([kind, mark, name]) => (
      <span key={kind} className="legend">
        <i className={mark} aria-hidden="true" />
        {name}
      </span>
    ))
}
