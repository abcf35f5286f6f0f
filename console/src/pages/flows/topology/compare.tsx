import { useState } from 'react'
import { isMoment } from '../../../state/range.ts'
import { earlierNames } from '../overview/earlier-names.ts'
import { earlierTimes } from './state.ts'
import { topologyText } from '../../../parts/graph/text.ts'
import { generalText } from '../../../text/general.ts'

type CompareProps = Readonly<{
  diff: string
  disabled: boolean
  onChange: (diff: string) => void
}>

const another = 'another'

export function Compare({ diff, disabled, onChange }: CompareProps): React.ReactNode {
  const isOwn = diff !== '' && !(earlierTimes as readonly string[]).includes(diff)
  const [asks, setAsks] = useState(false)
  const [typed, setTyped] = useState(isOwn ? diff : '')
  const wrong = !isMoment(typed.trim()) || typed.trim().startsWith('now')
  return (
    <>
      <label className="control" title={disabled ? topologyText.compareNeedsStore : generalText.compareWith}>
        <span className="spoken">{generalText.compareWith}</span>
        <select
          value={isOwn || asks ? another : diff}
          disabled={disabled}
          onChange={({ target: { value } }) => {
            setAsks(value === another)
            if (value === another)
              setTyped(
                typed === ''
                  ? new Date(Math.floor(Date.now() / 60_000) * 60_000 - 7_200_000).toISOString().replace('.000Z', 'Z')
                  : typed,
              )
            else onChange(value)
          }}
        >
          <option value="">{generalText.noComparison}</option>
          {earlierTimes.map((time) => (
            <option key={time} value={time}>
              {earlierNames[time]}
            </option>
          ))}
          <option value={another}>{topologyText.anotherTime}</option>
        </select>
      </label>
      {(isOwn || asks) && (
        <form
          className="control"
          onSubmit={(event) => {
            event.preventDefault()
            if (wrong) return
            setAsks(false)
            onChange(typed.trim())
          }}
        >
          <label className="control">
            {topologyText.startingAt}{' '}
            <input
              className="mono"
              size={20}
              value={typed}
              aria-invalid={wrong}
              onChange={(event) => setTyped(event.target.value)}
            />
          </label>
          <button type="submit" disabled={wrong} title={wrong ? topologyText.timeHint : undefined}>
            {topologyText.compare}
          </button>
        </form>
      )}
    </>
  )
}
