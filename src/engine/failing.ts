import type { FormerSink } from './delivery/former-sinks.ts'
import { storeSink } from './ledger/ledger.ts'
import type { Failing, Observed } from './readiness.ts'
import type { SourceHealth } from './sources/health.ts'

type Running = Readonly<{
  refusal: string | undefined
  unacknowledged: string | undefined
  delivery: string | undefined
  sinks: readonly Readonly<{ id: string; error: string | undefined }>[]
  /** Why the newest rows are not stored. */
  store: string | undefined
  former: readonly FormerSink[]
  sources: Readonly<Record<string, SourceHealth>>
  pending: ReadonlyMap<string, number>
  behind: readonly string[]
}>

export function observe({
  refusal,
  unacknowledged,
  delivery,
  store,
  sinks,
  former,
  sources,
  pending,
  behind,
}: Running): Observed {
  const waiting = (id: string) => `${pending.get(id) ?? 0} rows wait in the journal`
  const failing: Failing[] = [
    ...Object.entries(sources).map(([id, { why, counts }]): Failing => ({ what: `source ${id}`, why, counts })),
    ...(store === undefined
      ? []
      : [{ what: storeSink, why: `${waiting(storeSink)}: ${store}`, counts: 'lasting' } as const]),
    ...sinks.flatMap(({ id, error }): Failing[] =>
      // A store of another system is also a sink.
      error === undefined || (id === storeSink && store !== undefined)
        ? []
        : [{ what: id === storeSink ? id : `sink ${id}`, why: `${waiting(id)}: ${error}`, counts: 'lasting' }],
    ),
    ...(delivery === undefined ? [] : [{ what: 'delivery', why: delivery, counts: 'lasting' } as const]),
  ]
  const orphans = former.flatMap(({ id, orphaned }) =>
    orphaned === undefined ? [] : [`sink ${id} is no longer configured: ${waiting(id)}`],
  )
  return { refusal, unacknowledged, failing, warnings: [...orphans, ...behind] }
}
