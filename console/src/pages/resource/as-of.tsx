import { useEffect, useId, useRef, useState } from 'react'
import type { WholeResource } from '../../api/objects.ts'
import { counted, momentAt } from '../../parts/format.ts'
import { resourceText } from '../../text/resource.ts'

type AsOfProps = Readonly<{
  of: WholeResource
  at: string
  onChange: (at: string) => void
}>

const steps = 400

export function AsOf({ of, at, onChange }: AsOfProps): React.ReactNode {
  const id = useId()
  const [now, setNow] = useState(() => Date.now())
  const isNow = at === 'now'
  const effective = Date.parse(of.at)
  const starts = of.intervals.map(({ valid_from: from }) => Date.parse(from))
  const ends = of.intervals.flatMap(({ valid_to: to }) => (to === null ? [] : [Date.parse(to)]))
  const moments = [...new Set([...starts, ...ends])].filter((ms) => ms <= now).toSorted((a, b) => a - b)
  const first = Math.min(...moments, ...of.changes.map(({ time }) => Date.parse(time)), effective)
  const length = Math.max(1, now - first)
  const [dragged, setDragged] = useState<number>()
  const shown = dragged ?? (isNow ? now : Date.parse(at) || effective)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => setNow(Date.now()), [of])
  useEffect(() => setDragged(undefined), [at])
  useEffect(() => () => clearTimeout(timer.current), [])
  const go = (ms: number) => {
    const to = ms >= now - length / steps / 2 ? resourceText.nowInText : new Date(Math.round(ms)).toISOString()
    setDragged(to === 'now' ? now : ms)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => onChange(to), 150)
  }
  const before = moments.findLast((ms) => ms < shown - 1)
  const after = moments.find((ms) => ms > shown + 1)
  return (
    <div className="as-of">
      <label htmlFor={id}>{resourceText.asOf}</label>
      <button
        type="button"
        disabled={before === undefined}
        aria-label={resourceText.previousState}
        title={resourceText.previousState}
        onClick={() => {
          if (before !== undefined) go(before)
        }}
      >
        ◀
      </button>
      <div className="as-of-track">
        <input
          id={id}
          type="range"
          min={0}
          max={steps}
          step={1}
          value={Math.round(((shown - first) / length) * steps)}
          aria-valuetext={isNow && dragged === undefined ? resourceText.nowInText : momentAt(shown)}
          onChange={(event) => go(first + (Number(event.target.value) / steps) * length)}
        />
        <svg className="as-of-marks" viewBox={`0 0 ${steps} 8`} preserveAspectRatio="none" aria-hidden="true">
          {moments.map((ms) => (
            <line key={ms} x1={((ms - first) / length) * steps} x2={((ms - first) / length) * steps} y1="0" y2="8" />
          ))}
        </svg>
      </div>
      <button
        type="button"
        disabled={after === undefined}
        aria-label={resourceText.nextState}
        title={resourceText.nextState}
        onClick={() => {
          if (after !== undefined) go(after)
        }}
      >
        ▶
      </button>
      <span className="mono as-of-when">
        {isNow && dragged === undefined ? resourceText.nowInText : momentAt(shown)}
      </span>
      <button type="button" aria-pressed={isNow} onClick={() => onChange('now')}>
        {resourceText.now}
      </button>
      <span className="dim number">
        {resourceText.statesSince(counted(of.intervals.length, 'state'), momentAt(first))}
      </span>
    </div>
  )
}
