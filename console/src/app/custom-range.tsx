import { useState } from 'react'
import { fixedMoment, inputText, momentText, type Range } from '../state/range.ts'
import { readMoment } from '../state/moments.ts'
import type { Zone } from '../state/time-zone.ts'
import { appText } from '../text/app.ts'
import { generalText } from '../text/general.ts'
import { timeText } from '../text/time.ts'

type CustomRangeProps = Readonly<{
  range: Range
  zone: Zone
  onChange: (range: Range) => void
}>

const sides = ['from', 'to'] as const
const names = { from: generalText.from, to: generalText.to } as const

/** Both ends in any form of a time, shown beneath as they are read. */
export function CustomRange({ range, zone, onChange }: CustomRangeProps): React.ReactNode {
  const [written, setWritten] = useState<Range>({ from: inputText(range.from), to: inputText(range.to) })
  const now = Date.now()
  const read = (text: string) => readMoment(text, now, zone)
  const wrong = sides.map((side) => written[side]).find((text) => read(text) === undefined)
  const ends = wrong === undefined ? sides.map((side) => read(written[side]) ?? '') : undefined
  const [from = '', to = ''] = ends ?? []
  const isLate = ends !== undefined && Date.parse(fixedMoment(from, now)) >= Date.parse(fixedMoment(to, now))
  const problem = wrong === undefined ? (isLate ? timeText.startsLater : undefined) : timeText.invalid(wrong)
  return (
    <form
      className="custom-range"
      onSubmit={(event) => {
        event.preventDefault()
        if (problem === undefined) onChange({ from, to })
      }}
    >
      {sides.map((side) => {
        const moment = read(written[side])
        return (
          <label key={side}>
            {names[side]}
            <input
              className="mono"
              value={written[side]}
              spellCheck={false}
              autoComplete="off"
              onFocus={(event) => event.target.select()}
              onChange={(event) => setWritten({ ...written, [side]: event.target.value })}
              aria-invalid={moment === undefined}
            />
            {moment !== undefined && moment !== written[side] && (
              <small className="dim">{momentText(fixedMoment(moment, now), { withSeconds: true })}</small>
            )}
          </label>
        )
      })}
      <p className={problem === undefined ? 'dim' : 'bad'} role={problem === undefined ? undefined : 'alert'}>
        {problem ?? timeText.hint}
      </p>
      <button type="submit" disabled={problem !== undefined}>
        {appText.applyThisTimeRange}
      </button>
    </form>
  )
}
