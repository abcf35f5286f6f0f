import { flag, seconds } from './parts.ts'
import { range, type Range } from './range.ts'

/** What every page about time has in its address; spread `frameParts` into the codec of the page. */
export interface Frame {
  /** The span that is asked about. */
  readonly t: Range
  /** Seconds between two questions; 0: only when asked. Without meaning while `live`. */
  readonly refresh: number
  /** Are new rows shown as they arrive? */
  readonly live: boolean
}

export const refreshes: readonly number[] = [0, 5, 15, 30, 60, 300]

export const frameParts = {
  t: range({ from: 'now-15m', to: 'now' }),
  refresh: seconds(refreshes, 0),
  live: flag(true),
} as const

export const frameNames: readonly string[] = Object.keys(frameParts)
