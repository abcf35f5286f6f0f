import { useState } from 'react'
import { auto } from '../state/auto.ts'

type Finest<T> = Readonly<{
  current: T
  /** Number of values of the current grouping; undefined or 0: not known. Call it in each render. */
  settle: (values: number | undefined) => void
}>

/**
 * The chosen grouping. With {@link auto} the first candidate that has more than one value, from the finest useful one
 * on; the first one if none has. Another `about` starts again.
 */
export function useFinest<T extends string>(
  chosen: T | typeof auto,
  candidates: readonly [T, ...T[]],
  about: string,
): Finest<T> {
  const [tried, setTried] = useState({ about, at: 0 })
  const at = tried.about === about ? tried.at : 0
  return {
    current: chosen === auto ? (candidates[at] ?? candidates[0]) : chosen,
    settle(values) {
      if (chosen === auto && values === 1 && at < candidates.length) setTried({ about, at: at + 1 })
    },
  }
}
