/** Time ranges of costs, their groups and filters. */

export const spans = ['month', 'last-month', 'days', 'quarter', 'year'] as const
export type Span = (typeof spans)[number]
export const groups = [
  'service',
  'account',
  'provider',
  'region',
  'resource',
  'namespace',
  'workload',
  'team',
  'charge_category',
  'tag',
] as const
export type Group = (typeof groups)[number]
export const filters = [
  'provider',
  'account',
  'service',
  'region',
  'resource',
  'namespace',
  'workload',
  'team',
] as const
export type Filter = (typeof filters)[number]

/** Days in UTC, the end exclusive. */
export type Days = Readonly<{ from: string; to: string }>

const dayMs = 86_400_000
const iso = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
const monthStart = (day: string, months: number): string => {
  const [year = 0, month = 1] = day.split('-').map(Number)
  return iso(Date.UTC(year, month - 1 + months))
}

export function daysOf(span: Span, now: number): Days {
  const today = iso(now)
  const tomorrow = iso(now + dayMs)
  const month = monthStart(today, 0)
  switch (span) {
    case 'month':
      return { from: month, to: tomorrow }
    case 'last-month':
      return { from: monthStart(today, -1), to: month }
    case 'days':
      return { from: iso(now - 29 * dayMs), to: tomorrow }
    case 'quarter':
      return { from: monthStart(today, -3), to: month }
    case 'year':
      return { from: monthStart(today, -12), to: month }
  }
}

const leastDays = 4

/** Costs of a day arrive later: the first days of a month have few or none. */
export const usualSpan = (now: number): Span => (new Date(now).getUTCDate() < leastDays ? 'days' : 'month')

const isMonth = (day: string): boolean => day.endsWith('-01')

/** Whole months follow whole months; a part of a month follows the same days of the month before. */
export function daysBefore({ from, to }: Days): Days {
  const length = Date.parse(to) - Date.parse(from)
  if (isMonth(from) && isMonth(to)) {
    const [first = 0, month = 0] = from.split('-').map(Number)
    const [last = 0, end = 0] = to.split('-').map(Number)
    return { from: monthStart(from, (first - last) * 12 + month - end), to: from }
  }
  if (!isMonth(from)) return { from: iso(Date.parse(from) - length), to: from }
  const before = monthStart(from, -1)
  const until = iso(Date.parse(before) + length)
  return { from: before, to: until < from ? until : from }
}

/** By month, whole months need no rows of days. */
export const stepOf = (span: Span): 'day' | 'month' => (span === 'year' ? 'month' : 'day')
