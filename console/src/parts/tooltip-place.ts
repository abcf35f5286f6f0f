type Size = Readonly<{ width: number; height: number }>
type Frame = Readonly<{ top: number; bottom: number }>

const gap = 4

/** Where the tooltip of a chart is: centred at `x`, below the chart or else above it, inside of the window. */
export function tooltipPlace(
  x: number,
  frame: Frame,
  tip: Size,
  window: Size,
): Readonly<{ left: number; top: number }> {
  const left = Math.max(gap, Math.min(window.width - tip.width - gap, x - tip.width / 2))
  const [below, above] = [frame.bottom + gap, frame.top - gap - tip.height]
  const lowest = window.height - tip.height - gap
  return { left, top: below <= lowest ? below : above >= gap ? above : Math.max(gap, lowest) }
}
