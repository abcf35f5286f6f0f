import type { Ledger, Pipeline } from '../../../src/api/published.ts'

/** What keeps the pipeline from being healthy, the most severe first. */
export type Trouble = Readonly<{
  is: 'unbalanced' | 'unreadable' | 'sink' | 'source' | 'letters' | 'behind' | 'silent'
  tone: 'bad' | 'warning'
  name: string
  /** Rows, or for `silent` and `behind` ms. */
  amount: number
  error?: string
}>

/** These emit continuously; other sources may have nothing to report. */
const continuous = new Set(['netflow', 'sflow', 'netobserv'])
const silentMs = 300_000
const behindMs = 60_000

export function troublesOf(ledger: Ledger, pipeline: Pipeline | undefined): readonly Trouble[] {
  const sums = new Map(ledger.sinks.map((sink) => [sink.name, sink]))
  const sinks = pipeline?.sinks ?? []
  const stands = (state: string) => state === 'retrying' || state === 'blocked' || state === 'stopped'
  const bad: Trouble[] = [
    ...(ledger.balanced ? [] : [{ is: 'unbalanced', tone: 'bad', name: '', amount: 0 } as const]),
    ...sinks
      .filter(({ state }) => stands(state))
      .map(({ name, error }) => ({
        is: 'sink' as const,
        tone: 'bad' as const,
        name,
        amount: sums.get(name)?.pending ?? 0,
        ...(error === undefined ? {} : { error }),
      })),
    ...(pipeline?.sources ?? []).flatMap(({ name, error, feed }) => {
      const reason = error ?? feed?.why
      return reason === undefined
        ? []
        : [{ is: 'source', tone: error === undefined ? 'warning' : 'bad', name, amount: 0, error: reason } as const]
    }),
    ...ledger.sources
      .filter(({ unreadable }) => unreadable > 0)
      .map(({ name, unreadable }) => ({ is: 'unreadable' as const, tone: 'bad' as const, name, amount: unreadable })),
  ]
  const warnings: Trouble[] = [
    ...ledger.sinks
      .filter(({ dead_lettered: letters }) => letters > 0)
      .map(({ name, dead_lettered: amount }) => ({ is: 'letters' as const, tone: 'warning' as const, name, amount })),
    ...sinks
      .filter(({ name, state, lagMs }) => !stands(state) && lagMs > behindMs && (sums.get(name)?.pending ?? 0) > 0)
      .map(({ name, lagMs }) => ({ is: 'behind' as const, tone: 'warning' as const, name, amount: lagMs })),
    ...(pipeline?.sources ?? [])
      .filter(({ type, silentMs: ms, error }) => continuous.has(type) && error === undefined && (ms ?? 0) > silentMs)
      .map(({ name, silentMs: ms = 0 }) => ({ is: 'silent' as const, tone: 'warning' as const, name, amount: ms })),
  ]
  return [...bad, ...warnings].toSorted((a, b) => Number(b.tone === 'bad') - Number(a.tone === 'bad'))
}
