import { useEffect, useState } from 'react'

/** Whether `state` has been `waits` for `ms`. */
export function useIsLate(state: 'waits' | 'done', ms: number): boolean {
  const waits = state === 'waits'
  const [isLate, setIsLate] = useState(false)
  useEffect(() => {
    if (!waits) return undefined
    const timer = setTimeout(() => setIsLate(true), ms)
    return () => {
      clearTimeout(timer)
      setIsLate(false)
    }
  }, [waits, ms])
  return isLate && waits
}
