import { useEffect, useLayoutEffect, useRef } from 'react'
import { difference } from './difference.ts'
import { tooltipPlace } from './tooltip-place.ts'

export type Reading = Readonly<{
  name: string
  mark: string
  value: number | null | undefined
  earlier?: number | null | undefined
  other?: boolean
}>

type ChartTooltipProps = Readonly<{
  title: string
  /** Largest first; others and totals last. */
  readings: readonly Reading[]
  totals: readonly Reading[]
  format: (value: number | null | undefined) => string
  events: Readonly<{ title: string; text: string }>
  frame: React.RefObject<HTMLElement | null>
  /** Horizontal position of the cursor, in px of the window. */
  x: () => number
  /** Receives the function that moves the tooltip to the cursor. */
  follow: React.RefObject<(() => void) | undefined>
}>

/** In the top layer, so that no panel cuts it off. */
export function ChartTooltip({
  title,
  readings,
  totals,
  format,
  events,
  frame,
  x,
  follow,
}: ChartTooltipProps): React.ReactNode {
  const tip = useRef<HTMLDListElement>(null)
  const place = useRef(() => {})
  useLayoutEffect(() => {
    place.current = () => {
      const [own, around] = [tip.current, frame.current]
      if (own === null || around === null) return
      const { offsetWidth: width, offsetHeight: height } = own
      const { clientWidth, clientHeight } = document.documentElement
      const { left, top } = tooltipPlace(
        x(),
        around.getBoundingClientRect(),
        { width, height },
        { width: clientWidth, height: clientHeight },
      )
      own.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`
    }
    if (tip.current?.matches(':popover-open') === false) tip.current.showPopover()
    follow.current = place.current
    place.current()
  })
  useEffect(() => {
    const move = () => place.current()
    addEventListener('scroll', move, { capture: true, passive: true })
    return () => {
      removeEventListener('scroll', move, { capture: true })
      follow.current = undefined
    }
  }, [follow])
  return (
    <dl ref={tip} className="chart-read" popover="manual" aria-hidden="true">
      <dt className="mono">{title}</dt>
      <dd />
      {[...sorted(readings), ...totals].map(({ name, mark, value, earlier }, index) => (
        <Line
          key={`${index} ${name}`}
          name={name}
          mark={mark}
          text={format(value)}
          change={difference(value, earlier)}
        />
      ))}
      {events.text !== '' && (
        <>
          <dt className="legend">{events.title}</dt>
          <dd>{events.text}</dd>
        </>
      )}
    </dl>
  )
}

function Line({ name, mark, text, change }: { name: string; mark: string; text: string; change: string }) {
  return (
    <>
      <dt className="legend">
        <i className={mark} />
        {name}
      </dt>
      <dd>
        {text}
        {change !== '' && <span className="change dim">{change}</span>}
      </dd>
    </>
  )
}

export function sorted(readings: readonly Reading[]): readonly Reading[] {
  return readings.toSorted(
    (a, b) =>
      Number(a.other === true) - Number(b.other === true) || (b.value ?? -Infinity) - (a.value ?? -Infinity) || 0,
  )
}
