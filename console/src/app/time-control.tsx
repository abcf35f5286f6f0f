import { useState } from 'react'
import { Popover } from '../parts/popover.tsx'
import { refreshes, type Frame } from '../state/frame.ts'
import { isMoment, presets, rangeText, type Range } from '../state/range.ts'

/** The span of time that a page asks about, and how often it asks. */
export function TimeControl({
  frame,
  onChange,
}: {
  readonly frame: Frame
  readonly onChange: (change: Partial<Frame>) => void
}): React.ReactNode {
  return (
    <Popover
      label={
        <>
          {rangeText(frame.t)} <span aria-hidden="true">▾</span>
        </>
      }
      name="Span of time"
      className="time-control"
    >
      {(close) => (
        <>
          <div className="presets" role="group" aria-label="Until now">
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
            Ask again
            <select value={frame.refresh} onChange={(event) => onChange({ refresh: Number(event.target.value) })}>
              {refreshes.map((seconds) => (
                <option key={seconds} value={seconds}>
                  {seconds === 0 ? 'when asked' : seconds < 60 ? `every ${seconds} s` : `every ${seconds / 60} min`}
                </option>
              ))}
            </select>
          </label>
        </>
      )}
    </Popover>
  )
}

function Custom({
  range,
  onChange,
}: {
  readonly range: Range
  readonly onChange: (range: Range) => void
}): React.ReactNode {
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
        From
        <input
          className="mono"
          value={from}
          onChange={(event) => setFrom(event.target.value)}
          aria-invalid={!isMoment(from.trim())}
        />
      </label>
      <label>
        To
        <input
          className="mono"
          value={to}
          onChange={(event) => setTo(event.target.value)}
          aria-invalid={!isMoment(to.trim())}
        />
      </label>
      <p className={wrong === undefined ? 'dim' : 'bad'} role={wrong === undefined ? undefined : 'alert'}>
        {wrong === undefined
          ? 'As now-90m, or 2026-11-20T10:00Z (UTC).'
          : `“${wrong}” is no time. Write now-90m, or 2026-11-20T10:00Z (UTC).`}
      </p>
      <button type="submit" disabled={wrong !== undefined}>
        Use this span
      </button>
    </form>
  )
}
