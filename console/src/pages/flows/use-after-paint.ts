import { useEffect, useState } from 'react'

/** Limit in ms for hidden pages, which are not painted. */
const longestMs = 300

export function useAfterPaint(element: 'absent' | 'there'): boolean {
  const there = element === 'there'
  const [painted, setPainted] = useState(false)
  useEffect(() => {
    if (!there || painted) return
    const done = () => setPainted(true)
    // The second frame starts after the first was painted.
    let frame = requestAnimationFrame(() => {
      frame = requestAnimationFrame(done)
    })
    const timer = setTimeout(done, longestMs)
    return () => {
      cancelAnimationFrame(frame)
      clearTimeout(timer)
    }
  }, [there, painted])
  return painted
}
