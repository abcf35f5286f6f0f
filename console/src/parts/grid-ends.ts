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
  {
    first,
    onAdded,
    onJump,
  }: Readonly<{
    first: number | undefined
    onAdded: (rows: number) => void
    /** The rows are those of the other end of the result. */
    onJump: (isEnd: boolean) => void
  }>,
): void {
  const [offset, isEnd] = [ends?.offset ?? 0, ends?.isEnd === true]
  const before = useRef({ offset, isEnd: false })
  useLayoutEffect(() => {
    const added = before.current.offset - offset
    const jumps = before.current.isEnd !== isEnd
    before.current = { offset, isEnd }
    const grid = scroller.current
    if (grid === null || (!jumps && added <= 0)) return
    if (jumps) {
      grid.scrollTop = isEnd ? grid.scrollHeight : 0
      onJump(isEnd)
      return
    }
    grid.scrollTop += added * rowHeight
    onAdded(added)
  })
  const onStart = ends?.onStart
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
