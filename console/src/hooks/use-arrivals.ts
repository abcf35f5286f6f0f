import { useEffect, useMemo, useState } from 'react'
import { useMe } from '../api/queries.ts'
import { watch } from '../live/tab.ts'
import { newRevision } from './use-refresh.ts'

const storedAfter = [400, 1400, 3000] as const
const pollMs = 3000

export type Arrivals = Readonly<{
  arrivals: number
  /** `stream`: reported by the live stream; `poll`: a timer, for users without access to the stream. */
  by: 'stream' | 'poll'
}>

/** A revision that changes when events that match may have been stored. */
export function useArrivals(filter: string, { live }: Readonly<{ live: boolean }>): Arrivals {
  const me = useMe()
  const limited = me.data === undefined ? undefined : me.data.namespaces !== null
  const [arrivals, setArrivals] = useState(newRevision)
  useEffect(() => {
    if (!live || limited !== false) return undefined
    let matched: number | undefined
    let timers: ReturnType<typeof setTimeout>[] = []
    const stop = watch({ kind: 'stat', q: { stream: 'events', ...(filter === '' ? {} : { filter }) } }, (message) => {
      if (message.is !== 'stat') return
      // Events during a disconnect are not counted.
      const came = matched === undefined || message.stat.matched !== matched
      matched = message.stat.matched
      if (!came) return
      for (const timer of timers) clearTimeout(timer)
      timers = storedAfter.map((ms) => setTimeout(() => setArrivals(newRevision), ms))
    })
    return () => {
      stop()
      for (const timer of timers) clearTimeout(timer)
    }
  }, [live, limited, filter])
  useEffect(() => {
    if (!live || limited !== true) return undefined
    const timer = setInterval(() => {
      if (!document.hidden) setArrivals(newRevision)
    }, pollMs)
    return () => clearInterval(timer)
  }, [live, limited])
  return useMemo(
    () => ({ arrivals: live ? arrivals : 0, by: limited === true ? 'poll' : 'stream' }),
    [live, arrivals, limited],
  )
}
