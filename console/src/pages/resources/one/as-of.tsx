import { useEffect, useId, useRef, useState } from 'react'
import type { WholeResource } from '../../../api/objects.ts'
import { counted, momentAt } from '../../../parts/format.ts'
import { resourceText } from './text.ts'
import { readMoment } from '../../../state/moments.ts'
import { timeZone, usePreference } from '../../../state/preferences.ts'
import { serverNow } from '../../../state/server-time.ts'
import { timeText } from '../../../text/time.ts'

type AsOfProps = Readonly<{
  of: WholeResource
  at: string
  onChange: (at: string) => void
}>

/** One position for each change of content, and the last for now. */
export function AsOf({ of, at, onChange }: AsOfProps): React.ReactNode {
  const id = useId()
  const { moments } = of
  const last = moments.length
  const isNow = at === 'now'
  const effective = Date.parse(of.at)
  const [dragged, setDragged] = useState<number>()
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => setDragged(undefined), [at])
  useEffect(() => () => clearTimeout(timer.current), [])
  const reached = isNow ? last : moments.findLastIndex((moment) => Date.parse(moment) <= effective)
  const shown = Math.max(0, dragged ?? reached)
  const isExact = Date.parse(moments[shown] ?? '') === effective
  const go = (position: number) => {
    setDragged(position)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => onChange(moments[position] ?? resourceText.nowInText), 150)
  }
  // Between two changes, the previous state begins at the change before.
  const before = dragged === undefined && !isNow && !isExact && reached >= 0 ? reached : shown - 1
  const written =
    dragged === undefined
      ? isNow
        ? resourceText.nowInText
        : momentAt(effective)
      : dragged === last
        ? resourceText.nowInText
        : momentAt(Date.parse(moments[dragged] ?? ''))
  return (
    <div className="as-of">
      <label htmlFor={id}>{resourceText.asOf}</label>
      <button
        type="button"
        disabled={before < 0}
        aria-label={resourceText.previousState}
        title={resourceText.previousState}
        onClick={() => go(before)}
      >
        ◀
      </button>
      <div className="as-of-track">
        <input
          id={id}
          type="range"
          min={0}
          max={last}
          step={1}
          value={shown}
          aria-valuetext={written}
          list={`${id}-ticks`}
          onChange={(event) => go(Number(event.target.value))}
        />
        <datalist id={`${id}-ticks`}>
          {Array.from({ length: last + 1 }, (_, position) => (
            <option key={position} value={position} />
          ))}
        </datalist>
      </div>
      <button
        type="button"
        disabled={shown >= last}
        aria-label={resourceText.nextState}
        title={resourceText.nextState}
        onClick={() => go(shown + 1)}
      >
        ▶
      </button>
      <WrittenTime key={written} text={written} onChange={onChange} />
      <button type="button" aria-pressed={isNow} onClick={() => onChange('now')}>
        {resourceText.now}
      </button>
      {moments[0] !== undefined && (
        <span className="dim number">
          {resourceText.statesSince(counted(last, 'change'), momentAt(Date.parse(moments[0])))}
        </span>
      )}
    </div>
  )
}

/** Any form of a time, also `20 min ago`. */
function WrittenTime({ text, onChange }: Readonly<{ text: string; onChange: (at: string) => void }>) {
  const zone = usePreference(timeZone)
  const [typed, setTyped] = useState(text)
  const at = typed.trim().toLowerCase() === resourceText.nowInText ? 'now' : readMoment(typed, serverNow(), zone)
  return (
    <form
      className="as-of-when"
      onSubmit={(event) => {
        event.preventDefault()
        if (at !== undefined && typed !== text) onChange(at)
      }}
    >
      <input
        className="mono"
        aria-label={resourceText.asOfTime}
        title={timeText.hint}
        spellCheck={false}
        autoComplete="off"
        value={typed}
        aria-invalid={at === undefined}
        onFocus={(event) => event.target.select()}
        onChange={(event) => setTyped(event.target.value)}
      />
    </form>
  )
}
