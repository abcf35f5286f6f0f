import type { ShownLevel } from '../../../../src/api/published.ts'
import { count, shortTime, volume } from '../format.ts'
import { metricValue } from './metric-value.ts'
import { whyText } from './text.ts'

type LevelsProps = Readonly<{
  levels: readonly ShownLevel[]
  /** Values of a metric, and no rates of bytes. */
  isMetric: boolean
  /** `time` of the level to explain. */
  onChoose: (time: string) => void
}>

/** Falls, rises and recoveries of the time range; of many, one is shown, so that its causes are in sight. */
export function Levels({ levels, isMetric, onChoose }: LevelsProps): React.ReactNode {
  if (levels.length < 2) return null
  const { shown, folded } = foldedLevels(levels)
  const buttonOf = (level: ShownLevel) => (
    <LevelButton key={level.time} of={level} isMetric={isMetric} onChoose={onChoose} />
  )
  return (
    <div className="why-levels" role="group" aria-label={whyText.levels}>
      <p>{whyText.choose(countsText(levels))}</p>
      {shown.map(buttonOf)}
      {folded.length > 0 && (
        <details>
          <summary>{whyText.otherLevels(countsText(folded))}</summary>
          {folded.map(buttonOf)}
        </details>
      )}
    </div>
  )
}

const mostShown = 3

/** Of many levels only the selected one is shown. */
export function foldedLevels<Level extends Pick<ShownLevel, 'selected'>>(
  levels: readonly Level[],
): Readonly<{ shown: readonly Level[]; folded: readonly Level[] }> {
  if (levels.length <= mostShown || !levels.some(({ selected }) => selected)) return { shown: levels, folded: [] }
  return { shown: levels.filter(({ selected }) => selected), folded: levels.filter(({ selected }) => !selected) }
}

type LevelButtonProps = Pick<LevelsProps, 'isMetric' | 'onChoose'> & Readonly<{ of: ShownLevel }>

function LevelButton({ of: level, isMetric, onChoose }: LevelButtonProps) {
  return (
    <button type="button" aria-pressed={level.selected} onClick={() => onChoose(level.time)}>
      <i className={`why-level ${level.kind}`} aria-hidden="true" />
      <b>{whyText.levelNames[level.kind][level.gradual ? 'gradual' : 'sudden']}</b>
      <time className="mono" dateTime={level.time} title={intervalText(level)}>
        {shortTime(level.time)}
      </time>
      <span className="mono">
        {isMetric
          ? whyText.fromTo(metricValue(level.before), metricValue(level.after))
          : whyText.ratesFromTo(volume(level.before), volume(level.after))}
      </span>
      <span className="why-level-of dim">{level.workloads.slice(0, shownWorkloads).join(', ')}</span>
    </button>
  )
}

const shownWorkloads = 3

function countsText(levels: readonly ShownLevel[]) {
  const parts = (['fall', 'rise', 'recovery'] as const).flatMap((kind) => {
    const of = levels.filter((level) => level.kind === kind).length
    return of === 0 ? [] : [`${count(of)} ${whyText.levelNouns[kind][of === 1 ? 0 : 1]}`]
  })
  return new Intl.ListFormat('en', { type: 'conjunction' }).format(parts)
}

function intervalText({ earliest, latest }: ShownLevel) {
  return whyText.between(shortTime(earliest), shortTime(latest))
}
