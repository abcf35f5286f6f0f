import { useVirtualizer, type Virtualizer } from '@tanstack/react-virtual'
import { useEffect, useLayoutEffect } from 'react'

type Rows = Readonly<{
  count: number
  rowHeight: number
  headHeight: number
  /** Row of the focused cell, which stays mounted when scrolled out of view. */
  focused: number
  onEnd: (() => void) | undefined
}>

/** The rows in sight, and some beside them. */
export function useGridRows(
  scroller: React.RefObject<HTMLDivElement | null>,
  { count: length, rowHeight, headHeight, focused, onEnd }: Rows,
): Virtualizer<HTMLDivElement, Element> {
  const virtual = useVirtualizer({
    count: length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 10,
    scrollMargin: headHeight,
    scrollPaddingStart: headHeight,
    rangeExtractor: ({ startIndex, endIndex, overscan, count }) => {
      const [first, last] = [Math.max(0, startIndex - overscan), Math.min(count - 1, endIndex + overscan)]
      const inSight = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index)
      if (focused < 0 || focused >= count) return inSight
      return focused < first ? [focused, ...inSight] : focused > last ? [...inSight, focused] : inSight
    },
  })
  useLayoutEffect(() => virtual.measure(), [virtual, rowHeight])
  // Computes the range.
  virtual.getVirtualItems()
  const lastSeen = virtual.range?.endIndex ?? -1
  useEffect(() => {
    // The range is late by a frame after a jump to the other end.
    const { scrollTop = 0, clientHeight = 0 } = scroller.current ?? {}
    const bottom = (scrollTop + clientHeight) / rowHeight
    if (length > 0 && Math.min(lastSeen, bottom) >= length - 20) onEnd?.()
  }, [scroller, lastSeen, length, onEnd, rowHeight])
  return virtual
}
