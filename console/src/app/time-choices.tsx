import { Calendar, startOfDay } from '../parts/calendar.tsx'
import { CopyButton } from '../parts/copy-button.tsx'
import { refreshes } from '../state/frame.ts'
import { fixedMoment, presets, rangeText, type Range } from '../state/range.ts'
import { partsAt, type Zone } from '../state/time-zone.ts'
import { CustomRange } from './custom-range.tsx'
import { fixedLink } from './fixed-link.ts'
import { PinView } from './pin-view.tsx'
import type { TimeControlProps } from './time-control.tsx'
import { ZoneSwitch } from './zone-switch.tsx'
import { appText } from '../text/app.ts'
import { generalText } from '../text/general.ts'
import { timeText } from '../text/time.ts'

const iso = (ms: number) => new Date(ms).toISOString()

/** Days of the calendar, with the end of today as `now`. */
function daysOf(zone: Zone, now: number): readonly (readonly [name: string, range: Range])[] {
  const day = (days: number) => startOfDay(now, zone, days)
  const { weekday } = partsAt(now, zone)
  return [
    [timeText.today, { from: iso(day(0)), to: 'now' }],
    [timeText.yesterday, { from: iso(day(-1)), to: iso(day(0)) }],
    [timeText.thisWeek, { from: iso(day(-weekday)), to: 'now' }],
    [timeText.lastWeek, { from: iso(day(-weekday - 7)), to: iso(day(-weekday)) }],
  ]
}

export default function TimeChoices({
  frame,
  onChange,
  zone,
  close,
}: TimeControlProps & { readonly zone: Zone; readonly close: () => void }) {
  const { t } = frame
  const now = Date.now()
  const choose = (range: Range) => {
    onChange({ t: range })
    close()
  }
  return (
    <>
      <div className="presets" role="group" aria-label={appText.untilNow}>
        {presets.map((preset) => (
          <button
            key={preset.from}
            type="button"
            aria-pressed={preset.from === t.from && t.to === 'now'}
            onClick={() => choose(preset)}
          >
            {rangeText(preset)}
          </button>
        ))}
      </div>
      <div className="time-days">
        <div className="presets" role="group" aria-label={timeText.days}>
          {daysOf(zone, now).map(([name, range]) => (
            <button
              key={name}
              type="button"
              aria-pressed={range.from === t.from && range.to === t.to}
              onClick={() => choose(range)}
            >
              {name}
            </button>
          ))}
        </div>
        <Calendar
          key={`${t.from}..${t.to} ${zone}`}
          from={Date.parse(fixedMoment(t.from, now))}
          to={Date.parse(fixedMoment(t.to, now))}
          onChange={(from, to) => choose({ from: iso(from), to: to > now ? 'now' : iso(to) })}
        />
      </div>
      <CustomRange key={`${t.from}..${t.to}`} range={t} zone={zone} onChange={choose} />
      <div className="line">
        <CopyButton text={fixedLink(t, now)}>{timeText.copyLink}</CopyButton>
        <ZoneSwitch />
      </div>
      <PinView t={t} now={now} />
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
  )
}
