import { firstTime, lastTime, timeOf } from '../times.ts'

/** µs since 1970; `from` inclusive, `to` exclusive. */
export type TimeSpan = Readonly<{
  from: bigint
  to: bigint
}>

const relative = /^now(?:([+-])(\d{1,9})(ms|s|m|h|d|w))?$/
const units: Readonly<Record<string, bigint>> = {
  ms: 1000n,
  s: 1_000_000n,
  m: 60_000_000n,
  h: 3_600_000_000n,
  d: 86_400_000_000n,
  w: 604_800_000_000n,
}

export function isMoment(us: bigint): boolean {
  return us >= firstTime && us <= lastTime
}

/** `now`, `now-15m`, ISO 8601 or Unix ms, as µs; undefined for other texts. `now` in Unix ms. */
export function momentOf(text: string, now: number): bigint | undefined {
  const moment = written(text, now)
  return moment !== undefined && isMoment(moment) ? moment : undefined
}

function written(text: string, now: number): bigint | undefined {
  const match = relative.exec(text)
  if (match !== null) {
    const offset = BigInt(match[2] ?? 0) * (units[match[3] ?? 'ms'] ?? 0n)
    return BigInt(Math.floor(now)) * 1000n + (match[1] === '-' ? -offset : offset)
  }
  if (/^-?\d{1,15}$/.test(text)) return BigInt(text) * 1000n
  return timeOf(text)
}

const ladder = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 604_800]

export const maxBuckets = 5000

/** Shortest round step in seconds for at most `buckets`. */
export function stepFor({ from, to }: TimeSpan, buckets: number): number {
  const seconds = Number(to - from) / 1e6
  return ladder.find((step) => seconds / step <= buckets) ?? Math.ceil(seconds / buckets / 604_800) * 604_800
}

/** `30s`, `5m`, `1h`, `1d` in seconds. */
export function stepOf(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,7})(s|m|h|d|w)$/.exec(text) ?? []
  const seconds = Number(count) * (Number(units[unit ?? ''] ?? 0n) / 1e6)
  return seconds > 0 ? seconds : undefined
}

export function isoOf(us: bigint): string {
  const rest = ((us % 1_000_000n) + 1_000_000n) % 1_000_000n
  const second = new Date(Number((us - rest) / 1000n)).toISOString().slice(0, 19)
  const digits = String(rest).padStart(6, '0')
  return `${second}.${digits.endsWith('000') ? digits.slice(0, 3) : digits}Z`
}
