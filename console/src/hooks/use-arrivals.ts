import { useEffect, useMemo, useState } from 'react'
import { useMe } from '../api/queries.ts'
import { watch } from '../live/tab.ts'
import { freshTurn } from './use-refresh.ts'

/** What was taken in is stored within a second; who asks sooner sees it a turn later. */
const storedAfter = [400, 1400, 3000] as const
/** Who may watch no events asks without being told. */
const pollMs = 3000

export interface Nudge {
  /** Rises when a change may have been stored; 0 while nobody looks. */
  readonly nudge: number
  /** `told`: the live stream says when something came; `asked`: nobody says so, and so it is asked every few seconds. */
  readonly by: 'told' | 'asked'
}

/** Rises when there may be changes, traces or states of objects that are not shown: the live stream counts events of their family as they come. */
export function useNudge(live: boolean, family: 'change' | 'audit' | 'resource' = 'change'): Nudge {
  const me = useMe()
  const limited = me.data === undefined ? undefined : me.data.namespaces !== null
  const [nudge, setNudge] = useState(freshTurn)
  useEffect(() => {
    if (!live || limited !== false) return undefined
    let matched: number | undefined
    let timers: ReturnType<typeof setTimeout>[] = []
    const stop = watch({ kind: 'stat', q: { stream: 'events', filter: `family = "${family}"` } }, (message) => {
      if (message.is !== 'stat') return
      // After the line was cut, something may have come that nobody counted.
      const came = matched === undefined || message.stat.matched !== matched
      matched = message.stat.matched
      if (!came) return
      for (const timer of timers) clearTimeout(timer)
      timers = storedAfter.map((ms) => setTimeout(() => setNudge(freshTurn), ms))
    })
    return () => {
      stop()
      for (const timer of timers) clearTimeout(timer)
    }
  }, [live, limited, family])
  useEffect(() => {
    if (!live || limited !== true) return undefined
    const timer = setInterval(() => { if (!document.hidden) setNudge(freshTurn) }, pollMs)
    return () => clearInterval(timer)
  }, [live, limited])
  return useMemo(() => ({ nudge: live ? nudge : 0, by: limited === true ? 'asked' : 'told' }), [live, nudge, limited])
}
