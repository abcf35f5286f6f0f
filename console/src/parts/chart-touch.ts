import type uPlot from 'uplot'

/** Shorter movements are taps. */
const leastPx = 8

/**
 * A finger moves the cursor, and a horizontal drag selects a time range. A vertical one scrolls the page: the style has
 * `touch-action: pan-y`, and the browser then cancels the pointer.
 */
export function followTouch(plot: uPlot, frame: HTMLElement): void {
  const { over } = plot
  let touch: Readonly<{ id: number; start: number }> | undefined
  const place = ({ clientX, clientY }: PointerEvent) => {
    const { left, top, width, height } = over.getBoundingClientRect()
    const inside = (value: number, most: number) => Math.min(most, Math.max(0, value))
    return { left: inside(clientX - left, width), top: inside(clientY - top, height) }
  }
  const select = (to: number, end: 'going' | 'done') => {
    const from = touch?.start ?? to
    const [left, right] = [Math.min(from, to), Math.max(from, to)]
    plot.setSelect({ left, width: right - left, top: 0, height: over.clientHeight }, end === 'done')
  }
  const clear = () => plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false)
  over.addEventListener('pointerdown', (event) => {
    if (event.pointerType !== 'touch' || !event.isPrimary) return
    touch = { id: event.pointerId, start: place(event).left }
    over.setPointerCapture(event.pointerId)
    // The tooltip stays while the chart has the focus.
    frame.focus({ preventScroll: true })
    plot.setCursor(place(event))
  })
  over.addEventListener('pointermove', (event) => {
    if (event.pointerId !== touch?.id) return
    const at = place(event)
    plot.setCursor(at)
    if (Math.abs(at.left - touch.start) >= leastPx) select(at.left, 'going')
  })
  over.addEventListener('pointerup', (event) => {
    if (event.pointerId !== touch?.id) return
    const { left } = place(event)
    if (Math.abs(left - touch.start) >= leastPx) select(left, 'done')
    touch = undefined
  })
  over.addEventListener('pointercancel', (event) => {
    if (event.pointerId !== touch?.id) return
    touch = undefined
    clear()
  })
}
