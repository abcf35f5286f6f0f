import { useLayoutEffect, useRef, useState } from 'react'
import { useLocalKeys } from '../state/keys.ts'
import { timeZone, usePreference } from '../state/preferences.ts'
import { inZone, partsAt, timeIn, type Zone } from '../state/time-zone.ts'
import { timeText } from '../text/time.ts'

type CalendarProps = Readonly<{
  /** Unix ms; the end is exclusive. */
  from: number
  to: number
  /** Days: from the start of the first to the end of the last. */
  onChange: (from: number, to: number) => void
}>

const monthName = inZone({ month: 'long', year: 'numeric' })
const dayName = inZone({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })
const weekdayName = new Intl.DateTimeFormat(undefined, { weekday: 'short', timeZone: 'UTC' })
/** A Monday. */
const monday = Date.UTC(2026, 0, 5)
const weekdays = Array.from({ length: 7 }, (_, day) => weekdayName.format(monday + day * 86_400_000))

export function startOfDay(at: number, zone: Zone, days = 0): number {
  const { year, month, day } = partsAt(at, zone)
  return timeIn(zone, year, month, day + days)
}

export function Calendar({ from, to, onChange }: CalendarProps): React.ReactNode {
  const zone = usePreference(timeZone)
  // The first day of a range that has no last day yet.
  const [first, setFirst] = useState<number>()
  const [focused, setFocused] = useState(() => startOfDay(Math.max(from, to - 1), zone))
  const body = useRef<HTMLTableSectionElement>(null)
  const moved = useRef(false)
  useLayoutEffect(() => {
    if (moved.current) body.current?.querySelector<HTMLElement>('[tabindex="0"]')?.focus()
    moved.current = false
  })
  const { year, month } = partsAt(focused, zone)
  const begin = timeIn(zone, year, month, 1)
  const offset = partsAt(begin, zone).weekday
  const weeks = Array.from({ length: 6 }, (_, week) =>
    Array.from({ length: 7 }, (__, day) => timeIn(zone, year, month, 1 - offset + week * 7 + day)),
  ).filter(([start = 0]) => start < timeIn(zone, year, month + 1, 1))
  const choose = (day: number) => {
    if (first === undefined) return setFirst(day)
    setFirst(undefined)
    return onChange(Math.min(first, day), startOfDay(Math.max(first, day), zone, 1))
  }
  const move = (days: number, months = 0) => {
    const at = partsAt(focused, zone)
    moved.current = true
    const last = partsAt(timeIn(zone, at.year, at.month + months + 1, 0), zone).day
    setFocused(timeIn(zone, at.year, at.month + months, Math.min(at.day, months === 0 ? 31 : last) + days))
  }
  const onKeyDown = useLocalKeys(timeText.inACalendar, [
    { keys: ['ArrowLeft'], does: timeText.moveByDay, run: () => move(-1) },
    { keys: ['ArrowRight'], does: timeText.moveByDay, run: () => move(1) },
    { keys: ['ArrowUp'], does: timeText.moveByWeek, run: () => move(-7) },
    { keys: ['ArrowDown'], does: timeText.moveByWeek, run: () => move(7) },
    { keys: ['PageUp'], does: timeText.moveByMonth, run: () => move(0, -1) },
    { keys: ['PageDown'], does: timeText.moveByMonth, run: () => move(0, 1) },
  ])
  const turn = (months: number) => setFocused(timeIn(zone, year, month + months, 1))
  return (
    <div className="calendar" role="group" aria-label={timeText.calendar}>
      <div className="calendar-head">
        <button type="button" className="quiet" aria-label={timeText.previousMonth} onClick={() => turn(-1)}>
          ‹
        </button>
        <span aria-live="polite">{monthName(begin)}</span>
        <button type="button" className="quiet" aria-label={timeText.nextMonth} onClick={() => turn(1)}>
          ›
        </button>
      </div>
      <table role="grid" aria-label={timeText.calendarHint} onKeyDown={onKeyDown}>
        <Weekdays />
        <tbody ref={body}>
          {weeks.map(([start = 0, ...rest]) => (
            <tr key={start}>
              {[start, ...rest].map((day) => (
                <Day
                  key={day}
                  day={day}
                  zone={zone}
                  month={month}
                  first={first}
                  isIn={first === undefined ? day < to && startOfDay(day, zone, 1) > from : day === first}
                  isFocused={day === focused}
                  onSelect={() => choose(day)}
                />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <p className="dim">{timeText.calendarHint}</p>
    </div>
  )
}

type DayProps = Readonly<{
  day: number
  zone: Zone
  month: number
  /** First day of a range that has no last day yet. */
  first: number | undefined
  isIn: boolean
  isFocused: boolean
  onSelect: () => void
}>

function Day({ day, zone, month, first, isIn, isFocused, onSelect }: DayProps) {
  const today = startOfDay(Date.now(), zone)
  return (
    <td aria-selected={isIn}>
      <button
        type="button"
        tabIndex={isFocused ? 0 : -1}
        className={partsAt(day, zone).month === month ? undefined : 'dim'}
        disabled={day > today}
        aria-current={day === today ? 'date' : undefined}
        aria-label={first === undefined ? timeText.firstDay(dayName(day)) : timeText.lastDay(dayName(day))}
        onClick={onSelect}
      >
        {partsAt(day, zone).day}
      </button>
    </td>
  )
}

function Weekdays() {
  return (
    <thead>
      <tr>
        {weekdays.map((name) => (
          <th key={name} scope="col">
            {name}
          </th>
        ))}
      </tr>
    </thead>
  )
}
