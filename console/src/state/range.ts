import type { Part } from './codec.ts'

/** A span of time as the API takes it: `now-15m`, or ISO 8601 in UTC. The end is not included. */
export interface Range {
  readonly from: string
  readonly to: string
}

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

/** Does the span move on by itself? */
export function isMoving({ to }: Range): boolean {
  return to.startsWith('now')
}

const unitNames: Readonly<Record<string, string>> = { s: 's', m: 'min', h: 'h', d: 'd', w: 'weeks' }
/** A span shorter than this is told with its seconds. */
const secondsMs = 600_000

/** `Last 15 min`, `20 Nov, 10:00 – 11:00`, `20 Nov 2025, 23:59:30 – 21 Nov 2025, 00:00:15`. */
export function rangeText({ from, to }: Range): string {
  const [, count, unit] = relative.exec(from) ?? []
  if (to === 'now' && count !== undefined)
    return `Last ${count} ${count === '1' && unit === 'w' ? 'week' : (unitNames[unit ?? ''] ?? '')}`
  if (relative.test(from) || relative.test(to)) return `${momentText(from)} – ${momentText(to)}`
  const isShort = Math.abs(Date.parse(to) - Date.parse(from)) < secondsMs
  return `${momentText(from, isShort)} – ${momentText(to, isShort, new Date(from).toDateString() === new Date(to).toDateString())}`
}

/** With the year where it is not this one, and without the day where that is known. */
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
