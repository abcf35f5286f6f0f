import { flag, seconds } from './parts.ts'
import { range, type Range } from './range.ts'

/** Parameters of every page with a time range; spread `frameParts` into the codec of the page. */
export type Frame = Readonly<{
  t: Range
  /** Refresh interval in seconds; 0: manual. Ignored while `live`. */
  refresh: number
  live: boolean
}>

export const refreshes: readonly number[] = [0, 5, 15, 30, 60, 300]

export const frameParts = {
  t: range({ from: 'now-15m', to: 'now' }),
  refresh: seconds(refreshes, 0),
  live: flag('on'),
} as const

export const frameNames: readonly string[] = Object.keys(frameParts)
