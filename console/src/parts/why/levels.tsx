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

/** All falls, rises and recoveries of the time range, of which one is explained. */
export function Levels({ levels, isMetric, onChoose }: LevelsProps): React.ReactNode {
  if (levels.length < 2) return null
  return (
    <div className="why-levels" role="group" aria-label={whyText.levels}>
      <p>{whyText.choose(countsText(levels))}</p>
      {levels.map((level) => (
        <button key={level.time} type="button" aria-pressed={level.selected} onClick={() => onChoose(level.time)}>
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
      ))}
    </div>
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
