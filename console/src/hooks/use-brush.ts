import { useEffect, useRef, useState } from 'react'

/** From 0 to 1. */
export type Brushed = Readonly<{ from: number; to: number }>
type Brush = Readonly<{
  brushed: Brushed | undefined
  onPointerDown: (event: React.PointerEvent<HTMLElement>) => void
}>

/** Shorter movements are clicks. */
const leastPx = 5

/**
 * The part of the width of an element over which a mouse, pen or finger is dragged. A click after a drag is none.
 * With `touch-action: pan-y` of the element, a vertical touch scrolls: the browser then cancels the pointer.
 */
export function useBrush(onBrush: (brushed: Brushed) => void): Brush {
  const [brushed, setBrushed] = useState<Brushed>()
  const end = useRef<() => void>(undefined)
  const done = useRef(onBrush)
  useEffect(() => {
    done.current = onBrush
  })
  useEffect(() => () => end.current?.(), [])
  const onPointerDown = (down: React.PointerEvent<HTMLElement>) => {
    const { button, isPrimary, pointerId, pointerType, clientX: start, currentTarget } = down
    // A second finger ends the drag of the first.
    end.current?.()
    if (button !== 0 || !isPrimary) return
    const { left, width } = currentTarget.getBoundingClientRect()
    const fractionOf = (x: number) => Math.min(1, Math.max(0, (x - left) / Math.max(1, width)))
    let last: Brushed | undefined
    const move = (moved: PointerEvent) => {
      if (moved.pointerId !== pointerId) return
      const { clientX } = moved
      if (last === undefined && Math.abs(clientX - start) < leastPx) return
      getSelection()?.removeAllRanges()
      const [from, to] = [fractionOf(start), fractionOf(clientX)].toSorted((a, b) => a - b) as [number, number]
      setBrushed((last = { from, to }))
    }
    const finish = (up: PointerEvent) => {
      if (up.pointerId !== pointerId) return
      const taken = last
      end.current?.()
      if (taken === undefined) return
      // No click follows a moved touch: the next one is a tap.
      if (pointerType !== 'touch') {
        addEventListener('click', swallow, { capture: true, once: true })
        // No click follows if the pointer was released over another element.
        setTimeout(() => removeEventListener('click', swallow, { capture: true }))
      }
      if (taken.to > taken.from) done.current(taken)
    }
    const key = ({ key: name }: KeyboardEvent) => {
      if (name === 'Escape') end.current?.()
    }
    end.current = () => {
      removeEventListener('pointermove', move)
      removeEventListener('pointerup', finish)
      removeEventListener('pointercancel', end.current ?? finish)
      removeEventListener('keydown', key)
      setBrushed(undefined)
    }
    addEventListener('pointermove', move)
    addEventListener('pointerup', finish)
    addEventListener('pointercancel', end.current)
    addEventListener('keydown', key)
  }
  return { brushed, onPointerDown }
}

function swallow(event: MouseEvent) {
  event.stopPropagation()
  event.preventDefault()
}
