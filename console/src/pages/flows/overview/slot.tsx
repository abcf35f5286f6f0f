import { useEffect, useRef, useState } from 'react'
import type { FlowQuery } from './flow-query.ts'
import { aboutOf } from './queries.ts'

type SlotProps = Readonly<{
  flowQuery: FlowQuery
  className: string
  waits: boolean
  children: (flowQuery: FlowQuery) => React.ReactNode
}>

/** Delays the query of a panel until it is near the viewport; outside of it, the panel is not refreshed. */
export function Slot({ flowQuery, className, waits, children }: SlotProps): React.ReactNode {
  const container = useRef<HTMLDivElement>(null)
  const [seen, setSeen] = useState(!waits)
  const [begun, setBegun] = useState(!waits)
  const [kept, setKept] = useState(flowQuery)
  useEffect(() => {
    const element = container.current
    if (element === null) return undefined
    const watch = new IntersectionObserver(
      (entries) => {
        const isNear = entries.at(-1)?.isIntersecting === true
        setSeen(isNear)
        if (isNear) setBegun(true)
      },
      { rootMargin: '200px' },
    )
    watch.observe(element)
    return () => watch.disconnect()
  }, [])
  const same = kept === flowQuery || aboutOf(kept) === aboutOf(flowQuery)
  const now = seen || !same ? flowQuery : kept
  if (now !== kept) setKept(now)
  return (
    <div ref={container} className={`slot ${className}`}>
      {begun && children(now)}
    </div>
  )
}
