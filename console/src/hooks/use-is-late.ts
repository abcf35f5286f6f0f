import { useEffect, useState } from 'react'

/** Whether `waits` has been true for `ms`. */
export function useIsLate(waits: boolean, ms: number): boolean {
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
