import { useCallback, useEffect, useState } from 'react'

let last = 0

/** A number that no question had before: `now` means another moment each time it is asked. */
export function freshTurn(): number {
  return ++last
}

/** Rises when the questions of a page are to be asked anew: every so many seconds while the page is seen, and by `again`. */
export function useTurn(seconds: number): { readonly turn: number; readonly again: () => void } {
  const [turn, setTurn] = useState(freshTurn)
  const again = useCallback(() => setTurn(freshTurn), [])
  useEffect(() => {
    if (seconds === 0) return undefined
    const timer = setInterval(() => { if (!document.hidden) again() }, seconds * 1000)
    return () => clearInterval(timer)
  }, [seconds, again])
  return { turn, again }
}
