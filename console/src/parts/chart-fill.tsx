import { useEffect, useRef, useState } from 'react'

type ChartFillProps = Readonly<{
  /** Height of the drawing in px, while its surroundings are lower. */
  least: number
  children: (height: number) => React.ReactNode
}>

/** A chart as high as its panel, which another panel of the same row may have stretched. */
export function ChartFill({ least, children }: ChartFillProps): React.ReactNode {
  const container = useRef<HTMLDivElement>(null)
  const [height, setHeight] = useState(least)
  useEffect(() => {
    const element = container.current
    if (element === null) return undefined
    const fit = () => {
      const drawing = element.querySelector('.chart-place')
      if (drawing === null || getComputedStyle(element).position !== 'relative') return setHeight(least)
      const above = drawing.getBoundingClientRect().top - element.getBoundingClientRect().top
      return setHeight(Math.max(least, Math.floor(element.clientHeight - above)))
    }
    const follow = new ResizeObserver(fit)
    follow.observe(element)
    for (const head of element.querySelectorAll('figcaption')) follow.observe(head)
    return () => follow.disconnect()
  }, [least])
  return (
    <div ref={container} className="chart-fill" style={{ '--least': `${least}px` } as React.CSSProperties}>
      {children(height)}
    </div>
  )
}
