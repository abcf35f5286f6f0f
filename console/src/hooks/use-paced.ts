import { useEffect, useRef, useState } from 'react'

/** The value, at most every `ms`: for queries that are slower than it changes. */
export function usePaced<T>(value: T, ms: number): T {
  const [paced, setPaced] = useState(value)
  const last = useRef(0)
  useEffect(() => {
    if (Object.is(value, paced)) return undefined
    const wait = Math.max(0, last.current + ms - Date.now())
    const timer = setTimeout(() => {
      last.current = Date.now()
      setPaced(value)
    }, wait)
    return () => clearTimeout(timer)
  }, [value, paced, ms])
  return paced
}
