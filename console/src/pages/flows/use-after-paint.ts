import { useEffect, useState } from 'react'

/** Longer than this nothing waits for a page that is not drawn, since nobody looks at it. */
const longestMs = 300

/** Becomes true when what is `there` has been drawn, and stays so. */
export function useAfterPaint(there: boolean): boolean {
  const [painted, setPainted] = useState(false)
  useEffect(() => {
    if (!there || painted) return
    const done = (): void => setPainted(true)
    // The second frame begins when the first is on the screen.
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
