import type { Clock } from '../../host/index.ts'
import type { Failure } from '../../model/outcome.ts'
import { messageOf } from '../../model/errors.ts'

/** Result of one attempt; undefined: delivered. */
export type Attempt =
  | undefined
  /** `away`: the other side itself is in trouble, so that starting more rows of this batch is pointless. */
  | Readonly<{ is: 'retry'; reason: string; afterMs?: number; away?: boolean }>
  | Readonly<{ is: 'reject'; reason: string; tooLarge?: boolean }>

type InOrderOptions = Readonly<{
  window: number
  /** No attempt starts later than this after the call. */
  budgetMs: number
  clock: Clock
  signal: AbortSignal
}>

type Ordered = Readonly<{
  index: number
  key: string | undefined
}>

/** Delivers rows of one key in sequence. After a failure, its later rows stay for the next attempt. */
export async function deliverInOrder<Row extends Ordered>(
  rows: Iterable<Row>,
  { window, budgetMs, clock, signal }: InOrderOptions,
  attempt: (row: Row) => Promise<Attempt>,
): Promise<Failure[]> {
  const failures: Failure[] = []
  const source = rows[Symbol.iterator]()
  const waiting = new Map<string, Row[]>()
  const failedKeys = new Set<string>()
  const released: Row[] = []
  const deadline = clock.monotonic() + budgetMs
  let trouble: { reason: string; afterMs?: number } | undefined

  const retry = (row: Row, reason: string, afterMs?: number) => {
    failures.push({ index: row.index, is: 'retry', reason, ...(afterMs === undefined ? {} : { afterMs }) })
  }

  const next = () => {
    const free = released.pop()
    if (free !== undefined) return free
    for (;;) {
      const { done, value: row } = source.next()
      if (done === true) return undefined
      if (row.key === undefined) return row
      const line = waiting.get(row.key)
      if (line !== undefined) line.push(row)
      else if (failedKeys.has(row.key)) retry(row, behindKey(row.key))
      else {
        waiting.set(row.key, [])
        return row
      }
    }
  }

  const settle = (row: Row, outcome: Attempt) => {
    if (outcome?.is === 'reject') failures.push({ index: row.index, is: 'reject', reason: outcome.reason })
    if (outcome?.is === 'retry') {
      retry(row, outcome.reason, outcome.afterMs)
      if (outcome.away === true) trouble ??= outcome
    }
    if (row.key === undefined) return
    const line = waiting.get(row.key) ?? []
    const follower = outcome === undefined ? line.shift() : undefined
    if (follower !== undefined) {
      released.push(follower)
      return
    }
    waiting.delete(row.key)
    if (outcome === undefined) return
    failedKeys.add(row.key)
    for (const late of line) retry(late, behindKey(row.key))
  }

  const blocked = () => {
    if (signal.aborted) return { reason: 'not sent: the sink is stopping' }
    if (trouble !== undefined) return { ...trouble, reason: `not sent: ${trouble.reason}` }
    return clock.monotonic() > deadline
      ? { reason: 'not sent: the time limit of this batch is reached; the next batch continues' }
      : undefined
  }

  const work = async () => {
    for (let row = next(); row !== undefined; row = next()) {
      const reason = blocked()
      let outcome: Attempt
      try {
        outcome = reason === undefined ? await attempt(row) : { is: 'retry', ...reason }
      } catch (error) {
        outcome = thrown(error)
      }
      settle(row, outcome)
    }
  }
  await Promise.all(Array.from({ length: window }, work))
  return failures.sort((a, b) => a.index - b.index)
}

export const behindKey = (key: string): string =>
  `waits behind an earlier event of key ${JSON.stringify(key.slice(0, 80))}`

export function thrown(error: unknown): Attempt {
  return { is: 'retry', reason: messageOf(error) }
}
