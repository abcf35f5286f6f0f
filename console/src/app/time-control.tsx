import { useState } from 'react'
import { Popover } from '../parts/popover.tsx'
import { refreshes, type Frame } from '../state/frame.ts'
import { isMoment, presets, rangeText, type Range } from '../state/range.ts'
import { appText } from '../text/app.ts'
import { generalText } from '../text/general.ts'

export function TimeControl({
  frame,
  onChange,
}: {
  frame: Frame
  onChange: (change: Partial<Frame>) => void
}): React.ReactNode {
  return (
    <Popover
      label={
        <>
          {rangeText(frame.t)} <span aria-hidden="true">▾</span>
        </>
      }
      name={appText.timeRange}
      className="time-control"
    >
      {(close) => (
        <>
          <div className="presets" role="group" aria-label={appText.untilNow}>
            {presets.map((preset) => (
              <button
                key={preset.from}
                type="button"
                aria-pressed={preset.from === frame.t.from && frame.t.to === 'now'}
                onClick={() => {
                  onChange({ t: preset })
                  close()
                }}
              >
                {rangeText(preset)}
              </button>
            ))}
          </div>
          <Custom
            key={`${frame.t.from}..${frame.t.to}`}
            range={frame.t}
            onChange={(t) => {
              onChange({ t })
              close()
            }}
          />
          <label className="line">
            {generalText.refresh}
            <select value={frame.refresh} onChange={(event) => onChange({ refresh: Number(event.target.value) })}>
              {refreshes.map((seconds) => (
                <option key={seconds} value={seconds}>
                  {seconds === 0
                    ? appText.manual
                    : seconds < 60
                      ? appText.everySeconds(seconds)
                      : appText.everyMinutes(seconds / 60)}
                </option>
              ))}
            </select>
          </label>
        </>
      )}
    </Popover>
  )
}

function Custom({ range, onChange }: { range: Range; onChange: (range: Range) => void }) {
  const [from, setFrom] = useState(range.from)
  const [to, setTo] = useState(range.to)
  const wrong = [from, to].find((written) => !isMoment(written.trim()))
  return (
    <form
      className="custom-range"
      onSubmit={(event) => {
        event.preventDefault()
        if (wrong === undefined) onChange({ from: from.trim(), to: to.trim() })
      }}
    >
      <label>
        {generalText.from}
        <input
          className="mono"
          value={from}
          onChange={(event) => setFrom(event.target.value)}
          aria-invalid={!isMoment(from.trim())}
        />
      </label>
      <label>
        {generalText.to}
        <input
          className="mono"
          value={to}
          onChange={(event) => setTo(event.target.value)}
          aria-invalid={!isMoment(to.trim())}
        />
      </label>
      <p className={wrong === undefined ? 'dim' : 'bad'} role={wrong === undefined ? undefined : 'alert'}>
        {wrong === undefined ? appText.timeHint : appText.invalidTime(wrong)}
      </p>
      <button type="submit" disabled={wrong !== undefined}>
        {appText.applyThisTimeRange}
      </button>
    </form>
  )
}
