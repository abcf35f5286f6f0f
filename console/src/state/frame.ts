import { flag, seconds } from './parts.ts'
import { range, type Range } from './range.ts'

/** Parameters of every page with a time range; spread `frameParts` into the codec of the page. */
export interface Frame {
  readonly t: Range
  /** Refresh interval in seconds; 0: manual. Ignored while `live`. */
  readonly refresh: number
  readonly live: boolean
}

export const refreshes: readonly number[] = [0, 5, 15, 30, 60, 300]

export const frameParts = {
  t: range({ from: 'now-15m', to: 'now' }),
  refresh: seconds(refreshes, 0),
  live: flag(true),
} as const

export const frameNames: readonly string[] = Object.keys(frameParts)
