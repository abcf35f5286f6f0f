import { useEffect, useRef, useState } from 'react'
import { questionQuery } from '../question.ts'
import type { Asked } from './ask.ts'

interface SlotProps {
  readonly asked: Asked
  readonly className: string
  /** Does it wait until it is near what is seen? */
  readonly waits: boolean
  readonly children: (asked: Asked) => React.ReactNode
}

/** Where a panel lies. One that is out of sight asks once, not again and again; or, where it waits, when it comes near. */
export function Slot({ asked, className, waits, children }: SlotProps): React.ReactNode {
  const place = useRef<HTMLDivElement>(null)
  const [seen, setSeen] = useState(!waits)
  const [begun, setBegun] = useState(!waits)
  const [kept, setKept] = useState(asked)
  useEffect(() => {
    const element = place.current
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
  const same =
    kept === asked || JSON.stringify([questionQuery(kept), kept.t]) === JSON.stringify([questionQuery(asked), asked.t])
  const now = seen || !same ? asked : kept
  if (now !== kept) setKept(now)
  return (
    <div ref={place} className={`slot ${className}`}>
      {begun && children(now)}
    </div>
  )
}
