import { useSyncExternalStore } from 'react'
import type { Queries, QueryProgress } from '../../../src/api/published.ts'

/** Progress of the requests of this page that run for more than two seconds. */
export type Progress = Readonly<{ state: QueryProgress['state']; done?: number; total?: number; remainingMs?: number }>

type Shown = Pick<QueryProgress, 'query_id' | 'state' | 'done' | 'total' | 'remaining_ms'>

const [afterMs, everyMs] = [2000, 1000]

const page = Math.random().toString(36).slice(2)
let requests = 0
const began = new Map<string, number>()
let polling: ReturnType<typeof setTimeout> | undefined
let shown: Progress | undefined
const listeners = new Set<() => void>()

/** Runs a request with an id by which the server states its progress. */
export async function withProgress<T>(act: (id: string) => Promise<T>): Promise<T> {
  const id = `console-${page}-${++requests}`
  began.set(id, performance.now())
  polling ??= setTimeout(poll, afterMs)
  try {
    return await act(id)
  } finally {
    began.delete(id)
    if (began.size === 0) stop()
  }
}

function stop() {
  clearTimeout(polling)
  polling = undefined
  show(undefined)
}

function poll() {
  polling = setTimeout(poll, everyMs)
  const late = [...began].filter(([, at]) => performance.now() - at >= afterMs).map(([id]) => id)
  if (late.length === 0) return show(undefined)
  fetch('/api/v1/queries')
    .then(async (answer) => (answer.ok ? ((await answer.json()) as Queries).queries : []))
    .then(
      (queries) =>
        show(began.size === 0 ? undefined : progressOf(queries.filter((query) => late.includes(query.query_id)))),
      // The requests themselves report that the server is away.
      () => show(undefined),
    )
}

function show(progress: Progress | undefined) {
  if (progress === shown) return
  shown = progress
  for (const listener of listeners) listener()
}

/** Progress of simultaneous queries: the sum of rows, and the time of the last query. */
export function progressOf(queries: readonly Shown[]): Progress | undefined {
  const of = (state: QueryProgress['state']) => queries.filter((query) => query.state === state)
  const state = (['reading', 'verifying', 'waiting'] as const).find((candidate) => of(candidate).length > 0)
  if (state === undefined) return undefined
  const counted = of(state).filter(({ total }) => total !== undefined)
  const rests = of(state).flatMap(({ remaining_ms: rest }) => rest ?? [])
  const sum = (name: 'done' | 'total') => counted.reduce((all, query) => all + (query[name] ?? 0), 0)
  return {
    state,
    ...(counted.length === 0 ? {} : { done: sum('done'), total: sum('total') }),
    ...(rests.length === 0 ? {} : { remainingMs: Math.max(...rests) }),
  }
}

function subscribe(listener: () => void) {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

export function useProgress(): Progress | undefined {
  return useSyncExternalStore(subscribe, () => shown)
}
