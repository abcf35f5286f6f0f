import { useCallback, useEffect, useState } from 'react'

/** Rises when the questions of a page are to be asked anew: every so many seconds while the page is seen, and by `again`. */
export function useTurn(seconds: number): { readonly turn: number; readonly again: () => void } {
  const [turn, setTurn] = useState(0)
  const again = useCallback(() => setTurn((before) => before + 1), [])
  useEffect(() => {
    if (seconds === 0) return undefined
    const timer = setInterval(() => { if (!document.hidden) again() }, seconds * 1000)
    return () => clearInterval(timer)
  }, [seconds, again])
  return { turn, again }
}
