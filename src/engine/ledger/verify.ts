import type { Host } from '../../host/index.ts'
import type { Ledger } from '../control.ts'
import { DeadLetters } from '../delivery/dead-letters.ts'
import { stateOf } from '../delivery/former-sinks.ts'
import { followFolder, type Follower } from '../follower.ts'
import { makeLedger, storeSink, storeTallies, type SinkCounts, type StoreStatus } from './ledger.ts'
import { recordFiles } from '../delivery/record-store.ts'

/** Verifies checksums. With a running server, rows in progress count as pending. */
export async function verifyLedger(options: {
  host: Host
  data: string
  store: StoreStatus | undefined
}): Promise<Ledger> {
  const { host, data, store } = options
  const directory = `${data}/journal`
  const offsets = await recordFiles(host, directory).all()
  const accepted = [...offsets.map((offset) => offset.accepted), ...(store === undefined ? [] : [accountedOf(store)])]
  const { follower } = await followFolder({ host, directory, accepted, bodies: true })
  const live = offsets.filter(({ record }) => record.removed !== true || record.forgotten !== undefined)
  const takes = (from: readonly string[] | undefined) => (source: string) => from?.includes(source) ?? true
  for (const { sink, accepted: rows, record } of live) {
    follower.follow(sink, record.position.sequence, takes(record.from), Object.entries(rows))
  }
  if (store !== undefined) follower.follow(storeSink, store.sequence, () => true, Object.entries(accountedOf(store)))
  try {
    await follower.catchUp()
  } finally {
    await follower.close()
  }

  const books: SinkCounts[] = []
  if (store !== undefined)
    books.push({
      name: storeSink,
      takes: () => true,
      tallies: storeTallies(store),
      expired: store.expired,
      ahead: ahead(follower, storeSink, accountedOf(store)),
    })
  for (const { sink, record, accepted: rows } of live) {
    const letters = await DeadLetters.open(host, `${data}/dead-letters`, sink, record.position.sequence)
    books.push({
      name: sink,
      takes: takes(record.from),
      tallies: record.sources,
      ahead: ahead(follower, sink, rows),
      deadLetters: letters,
      ...stateOf(record),
    })
  }
  const sources = [...follower.accepted()].map(([name, rows]) => ({
    name,
    accepted: rows,
    duplicates: follower.duplicates(name),
    shed: follower.shed(name),
  }))
  return makeLedger(sources, books)
}

function ahead(follower: Follower, sink: string, accounted: Readonly<Record<string, number>>) {
  return new Map([...follower.seen(sink)].map(([source, rows]) => [source, rows - (accounted[source] ?? 0)]))
}

function accountedOf(store: StoreStatus): Record<string, number> {
  return Object.fromEntries(Object.entries(storeTallies(store)).map(([source, tally]) => [source, tally.accounted]))
}
