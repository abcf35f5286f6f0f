import { Optional, String as Text } from 'typebox'
import { isoOf, momentOf, type TimeSpan } from '../query/plan/index.ts'
import { Refusal } from './refusal.ts'

export const spanFrom = (usual: string) => ({
  from: Optional(Text({ default: usual, description: 'Start, inclusive: `now-15m`, ISO 8601, or Unix milliseconds.' })),
  to: Optional(Text({ default: 'now', description: 'End, exclusive.' })),
})

export const spanParameters = spanFrom('now-24h')

export function moment(written: string, name: string, now: number): bigint {
  const at = momentOf(written, now)
  if (at === undefined)
    throw new Refusal('WEIR_API_INVALID', `"${name}" is not a time: ${written}.`, [
      'Write now-15m, 2026-11-20T10:00:00Z, or Unix milliseconds; years have four digits.',
    ])
  return at
}

export function span({ from, to }: { from: string; to: string }, now: number): TimeSpan {
  const range = { from: moment(from, 'from', now), to: moment(to, 'to', now) }
  if (range.from >= range.to)
    throw new Refusal(
      'WEIR_API_INVALID',
      `The time range ends (${isoOf(range.to)}) before it starts (${isoOf(range.from)}).`,
    )
  return range
}

/** The range of {@link spanParameters}. */
export const lastDay = ({ from = 'now-24h', to = 'now' }: { from?: string; to?: string }, now: number): TimeSpan =>
  span({ from, to }, now)
