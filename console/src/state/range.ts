import type { Part } from './codec.ts'
import { partsText } from '../text/parts.ts'

/** A time range as in the API: `now-15m` or ISO 8601 in UTC. The end is exclusive. */
export type Range = Readonly<{
  from: string
  to: string
}>

const relative = /^now(?:-(\d{1,6})(s|m|h|d|w))?$/
const absolute = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?Z$/

export function isMoment(written: string): boolean {
  return relative.test(written) || (absolute.test(written) && !Number.isNaN(Date.parse(written)))
}

export function range(usual: Range): Part<Range> {
  return {
    usual,
    read: (written) => {
      const [from = '', to = '', more] = written.split('..')
      return more === undefined && isMoment(from) && isMoment(to) ? { from, to } : undefined
    },
    write: ({ from, to }) => `${from}..${to}`,
  }
}

export function isMoving({ to }: Range): boolean {
  return to.startsWith('now')
}

const secondsMs = 600_000

/** `Last 15 min`, `20 Nov, 10:00 – 11:00`, `20 Nov 2025, 23:59:30 – 21 Nov 2025, 00:00:15`. */
export function rangeText({ from, to }: Range): string {
  const [, count, unit] = relative.exec(from) ?? []
  if (to === 'now' && count !== undefined) return partsText.last(count, unit ?? '')
  if (relative.test(from) || relative.test(to)) return `${momentText(from)} – ${momentText(to)}`
  const isShort = Math.abs(Date.parse(to) - Date.parse(from)) < secondsMs
  const isOneDay = new Date(from).toDateString() === new Date(to).toDateString()
  return `${momentText(from, isShort)} – ${momentText(to, isShort, isOneDay)}`
}

function momentText(written: string, withSeconds = false, dayIsKnown = false): string {
  if (relative.test(written)) return written
  const at = new Date(written)
  return at.toLocaleString(undefined, {
    ...(dayIsKnown ? {} : { month: 'short', day: 'numeric' }),
    ...(dayIsKnown || at.getFullYear() === new Date().getFullYear() ? {} : { year: 'numeric' }),
    hour: '2-digit',
    minute: '2-digit',
    ...(withSeconds ? { second: '2-digit' } : {}),
    hourCycle: 'h23',
  })
}

export const presets: readonly Range[] = [
  '1m',
  '5m',
  '15m',
  '30m',
  '1h',
  '3h',
  '6h',
  '12h',
  '1d',
  '2d',
  '1w',
  '2w',
].map((length) => ({ from: `now-${length}`, to: 'now' }))
