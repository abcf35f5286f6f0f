import type { Ledger, SinkLedger, SourceLedger } from '../control.ts'
import type { DeadLetters } from '../delivery/dead-letters.ts'
import { add, emptyTally, sum, type Counts, type Tally } from '../delivery/tally.ts'

export const storeSink = 'store'

export type StoreStatus = Readonly<{
  sequence: number
  holds: number
  stored: Readonly<Record<string, number>>
  quarantined: Readonly<Record<string, number>>
  /** Rows of sources that the store did not read. */
  filtered: Readonly<Record<string, number>>
  /** Stored rows that retention removed since, by reason. */
  expired?: Readonly<Record<string, number>> | undefined
  bytes?: number
  problem?: string | undefined
}>

export type SinkCounts = Readonly<{
  name: string
  takes: (source: string) => boolean
  tallies: Readonly<Record<string, Tally>>
  ahead: ReadonlyMap<string, number>
  deadLetters?: Pick<DeadLetters, 'count'>
  state?: 'orphaned' | 'forgotten'
  expired?: Readonly<Record<string, number>> | undefined
}>

export type SourceRows = Readonly<{
  name: string
  accepted: number
  duplicates: number
  shed: Readonly<Record<string, number>>
}>

/** Every term has its own record; only `routed` and `balanced` are computed here. */
export function makeLedger(sources: readonly SourceRows[], sinks: readonly SinkCounts[]): Ledger {
  const sinkLedgers = sinks.map((sink) => sinkLedger(sources, sink))
  const accepted = new Map(sources.map((source) => [source.name, source.accepted]))
  const balanced = sinkLedgers.every((sink) => {
    const takenRows = sink.from.reduce((total, name) => total + (accepted.get(name) ?? 0), 0)
    const settledRows = sink.delivered + sink.dead_lettered + sum(sink.dropped) + sink.quarantined + sink.pending
    return takenRows === sum(sink.filtered) + sink.routed && sink.routed === settledRows
  })
  const unreadable = (name: string) => Math.max(0, ...sinks.map((sink) => sink.tallies[name]?.quarantined ?? 0))
  const sourceLedgers: SourceLedger[] = sources.map((source) => ({
    name: source.name,
    accepted: source.accepted,
    duplicates: source.duplicates,
    unreadable: unreadable(source.name),
    shed: source.shed,
  }))
  return { balanced, sources: sourceLedgers, sinks: sinkLedgers }
}

function sinkLedger(sources: readonly SourceRows[], sink: SinkCounts): SinkLedger {
  const from = sources.map((source) => source.name).filter(sink.takes)
  const filtered: Counts = {}
  const droppedCounts: Counts = {}
  let accounted = 0
  let delivered = 0
  let deadLetters = 0
  let quarantined = 0
  let rowsAhead = 0
  for (const name of from) {
    rowsAhead += sink.ahead.get(name) ?? 0
    const tally = sink.tallies[name]
    if (tally === undefined) continue
    accounted += tally.accounted
    delivered += tally.delivered
    deadLetters += tally.dead_lettered
    quarantined += tally.quarantined
    for (const [reason, rows] of Object.entries(tally.filtered)) add(filtered, reason, rows)
    for (const [reason, rows] of Object.entries(tally.dropped)) add(droppedCounts, reason, rows)
  }
  const count = (state: Parameters<DeadLetters['count']>[0]) =>
    sink.deadLetters === undefined
      ? 0
      : from.reduce((total, name) => total + (sink.deadLetters?.count(state, name) ?? 0), 0)
  const openLetters = count('open')
  const retrying = count('retrying')
  const retried = count('delivered')
  const droppedLetters = count('dropped')
  add(droppedCounts, 'dead_letter', droppedLetters)
  // Counted in the offset record but missing in the file.
  const lostLetters = Math.max(0, deadLetters - openLetters - retrying - retried - droppedLetters)
  // Later rows are not for a forgotten sink.
  const isForgotten = sink.state === 'forgotten'
  if (isForgotten) add(filtered, 'forgotten', rowsAhead)
  return {
    name: sink.name,
    ...(sink.state === undefined ? {} : { state: sink.state }),
    from,
    filtered,
    routed: accounted + rowsAhead - sum(filtered),
    delivered: delivered + retried,
    dead_lettered: openLetters,
    dropped: droppedCounts,
    quarantined: quarantined + lostLetters,
    pending: (isForgotten ? 0 : rowsAhead) + retrying,
    ...(sink.expired === undefined ? {} : { expired: sink.expired }),
  }
}

/** Rows of sources that `store.from` lacked are filtered, unreadable ones quarantined, all others delivered. */
export function storeTallies(store: StoreStatus): Record<string, Tally> {
  const tallies: Record<string, Tally> = {}
  for (const source of new Set([store.stored, store.quarantined, store.filtered].flatMap(Object.keys))) {
    const delivered = store.stored[source] ?? 0
    const quarantined = store.quarantined[source] ?? 0
    const filtered = store.filtered[source] ?? 0
    tallies[source] = {
      ...emptyTally(),
      accounted: delivered + quarantined + filtered,
      filtered: filtered === 0 ? {} : { from: filtered },
      delivered,
      quarantined,
    }
  }
  return tallies
}

export function storeCounts(status: StoreStatus, seen: ReadonlyMap<string, number>): SinkCounts {
  const tallies = storeTallies(status)
  return {
    name: storeSink,
    takes: () => true,
    tallies,
    expired: status.expired,
    ahead: new Map([...seen].map(([source, rows]) => [source, rows - (tallies[source]?.accounted ?? 0)])),
  }
}
