import { useCallback, useEffect, useState } from 'react'
import { serverNow } from '../state/server-time.ts'

let last = 0
const moments: number[] = []

/** A number that no query key contained before, so that a range that ends at `now` is queried again. */
export function newRevision(): number {
  moments[++last] = serverNow()
  return last
}

/** `now` of a revision by the server's clock, in Unix ms, for all queries of a page. */
export function momentOf(revision: number): number {
  return moments[revision] ?? serverNow()
}

/** A revision for query keys. Changes every `seconds` while the page is visible (0: never) and on `again`. */
export function useRefresh(seconds: number): Readonly<{ revision: number; again: () => void }> {
  const [revision, setRevision] = useState(newRevision)
  const again = useCallback(() => setRevision(newRevision), [])
  useEffect(() => {
    if (seconds === 0) return undefined
    const timer = setInterval(() => {
      if (!document.hidden) again()
    }, seconds * 1000)
    return () => clearInterval(timer)
  }, [seconds, again])
  return { revision, again }
}
