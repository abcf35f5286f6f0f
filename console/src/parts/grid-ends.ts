import { useEffect, useLayoutEffect, useRef } from 'react'

/** For a result with last rows that load without the rows before them. */
export type GridEnds = Readonly<{
  /** The rows end with the last one of the result; the table starts there. */
  isEnd: boolean
  /** Rows before the first one of the table. */
  offset: number
  /** The first rows are in sight. */
  onStart?: () => void
  onFirst?: () => void
  onLast?: () => void
}>

const inSight = 20

/** Rows that are added above the others leave the others in place. */
export function useGridEnds(
  ends: GridEnds | undefined,
  scroller: React.RefObject<HTMLElement | null>,
  rowHeight: number,
  { first, onAdded }: Readonly<{ first: number | undefined; onAdded: (rows: number) => void }>,
): void {
  const offset = ends?.offset ?? 0
  const before = useRef(offset)
  useLayoutEffect(() => {
    const added = before.current - offset
    before.current = offset
    if (added <= 0 || scroller.current === null) return
    scroller.current.scrollTop += added * rowHeight
    onAdded(added)
  })
  const onStart = ends?.onStart
  const wasScrolled = useRef(ends?.isEnd !== true)
  useLayoutEffect(() => {
    if (wasScrolled.current || scroller.current === null) return
    wasScrolled.current = true
    scroller.current.scrollTop = scroller.current.scrollHeight
  }, [scroller])
  useEffect(() => {
    if (
      offset > 0 &&
      first !== undefined &&
      first <= inSight &&
      (scroller.current?.scrollTop ?? 0) < inSight * rowHeight
    )
      onStart?.()
  }, [first, offset, onStart, scroller, rowHeight])
}
