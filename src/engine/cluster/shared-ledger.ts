import type { SinkCounts, SourceRows } from '../ledger/ledger.ts'
import { takesFrom } from '../delivery/route.ts'
import { addTally, emptyTally, type SinkRecord, type Tally } from '../delivery/tally.ts'
import { stateOf } from '../delivery/former-sinks.ts'
import { deadLetterCounts } from './shared-dead-letters.ts'
import { keys, type TotalsRecord } from './names.ts'
import type { SharedRecords } from './records.ts'

export function sharedLedger(
  records: SharedRecords,
  counted: Iterable<SourceRows>,
): Readonly<{ sources: readonly SourceRows[]; sinks: readonly SinkCounts[] }> {
  const sources = new Map([...counted].map((source) => [source.name, { ...source }]))
  const accept = (name: string, accepted: number) => {
    const source = sources.get(name)
    if (source === undefined) sources.set(name, { name, accepted, duplicates: 0, shed: {} })
    else source.accepted = Math.max(source.accepted, accepted)
  }
  for (const { name, value } of records.under<TotalsRecord>(keys.totals(''))) {
    accept(name, value.accepted)
    const source = sources.get(name)
    if (source !== undefined && source.duplicates <= value.duplicates)
      sources.set(name, { ...source, duplicates: value.duplicates, shed: value.shed })
  }
  const sinks = new Map<
    string,
    { from: readonly string[] | undefined; tallies: Record<string, Tally>; readonly state?: SinkCounts['state'] }
  >()
  for (const { name: position, value } of records.under<SinkRecord>(keys.sinks)) {
    const name = position.slice(position.indexOf('/') + 1)
    if (value.removed === true && value.forgotten === undefined) continue
    const sink = sinks.get(name) ?? { from: value.from, tallies: {}, ...stateOf(value) }
    sinks.set(name, sink)
    for (const [source, tally] of Object.entries(value.sources)) {
      addTally((sink.tallies[source] ??= emptyTally()), tally)
      accept(source, sink.tallies[source]?.accounted ?? 0)
    }
  }
  const letters = deadLetterCounts(records)
  return {
    sources: [...sources.values()],
    sinks: [...sinks].map(([name, { from, tallies, state }]) => ({
      name,
      tallies,
      ...(state === undefined ? {} : { state }),
      deadLetters: letters(name),
      takes: (source) => takesFrom(from, source),
      ahead: new Map(
        [...sources.values()].map(({ name: source, accepted }) => [
          source,
          accepted - (tallies[source]?.accounted ?? 0),
        ]),
      ),
    })),
  }
}
