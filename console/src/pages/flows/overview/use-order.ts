import { useEffect, useState } from 'react'
import type { FlowQuery } from './flow-query.ts'
import { aboutOf, useIsQuiet, type useGroups } from './queries.ts'

const pauseMs = 50

/**
 * The order of the queries of the page: first the panels of all flows, then those of some.
 * `ready`: the others may start; `othersAnswered`: the first ones have their data of this query.
 */
export function useOrder(flowQuery: FlowQuery, first: ReturnType<typeof useGroups>, focus: string) {
  const [ready, setReady] = useState(focus !== '')
  const [answered, setAnswered] = useState('')
  const about = aboutOf(flowQuery)
  const isQuiet = useIsQuiet()
  const isSettled = first.isError || (first.data !== undefined && !first.isPlaceholderData)
  useEffect(() => {
    if (!isQuiet || !isSettled) return undefined
    if (answered !== about) setAnswered(about)
    // Pairs start now, so the page is not quiet then.
    const timer = setTimeout(() => setReady(true), pauseMs)
    return () => clearTimeout(timer)
  }, [isQuiet, isSettled, answered, about])
  return { ready, isQuiet, othersAnswered: answered === about }
}
