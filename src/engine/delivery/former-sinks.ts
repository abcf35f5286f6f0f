import type { Host } from '../../host/index.ts'
import type { Tail } from '../../journal/index.ts'
import { DeadLetters, type DeadLetterLog } from './dead-letters.ts'
import type { RecordSlot, RecordStore } from './record-store.ts'
import { takesFrom } from './route.ts'
import { add, addTally, countTally, emptyTally, type SinkRecord } from './tally.ts'
import { Follower } from '../follower.ts'
import type { SinkCounts } from '../ledger/ledger.ts'
import type { Log, Metrics } from '../contracts.ts'

export type FormerSink = Readonly<{
  id: string
  /** Unix ms of the removal; undefined: forgotten. */
  orphaned: number | undefined
}>

export type Orphaned = Readonly<{
  id: string
  rows: number
}>

type FormerSinksOptions = Readonly<{
  host: Host
  log: Log
  metrics: Metrics
  directory: string
  tail: Tail
  follower: Follower
  records: RecordStore
  deadLetters: (sink: string) => DeadLetterLog
}>

interface Former {
  readonly slot: RecordSlot
  readonly deadLetters: DeadLetters
  record: SinkRecord
}

export class FormerSinks {
  readonly #options: FormerSinksOptions
  readonly #sinks = new Map<string, Former>()
  #queue: Promise<unknown> = Promise.resolve()

  constructor(options: FormerSinksOptions) {
    this.#options = options
  }

  all(): readonly FormerSink[] {
    return [...this.#sinks].map(([id, { record }]) => ({ id, orphaned: record.orphaned }))
  }

  has(id: string): boolean {
    return this.#sinks.has(id)
  }

  holds(): readonly number[] {
    return [...this.#sinks.values()].flatMap(({ record }) =>
      record.orphaned === undefined ? [] : [record.position.sequence],
    )
  }

  books(): readonly SinkCounts[] {
    const { follower } = this.#options
    return [...this.#sinks].map(([name, { record, deadLetters: letters }]) => ({
      name,
      deadLetters: letters,
      tallies: record.sources,
      takes: takes(record),
      ...stateOf(record),
      ahead: new Map(
        [...follower.seen(name)].map(([source, rows]) => [source, rows - (record.sources[source]?.accounted ?? 0)]),
      ),
    }))
  }

  leave(id: string): Promise<number> {
    return this.#exclusive(async () => {
      const { host, log, records, deadLetters: logOf, follower } = this.#options
      if (this.#sinks.has(id)) return 0
      const slot = await records.open(id)
      const record = slot.value
      if (record === undefined) return slot.close().then(() => 0)
      await follower.catchUp()
      const rows = this.#pending(record)
      if (rows === 0 && record.forgotten === undefined) {
        await slot.write(without(record, { removed: true }))
        await slot.close()
        log.info(`sink ${id} was removed; nothing was pending for it`)
        return 0
      }
      const retained =
        record.forgotten === undefined ? { ...record, orphaned: record.orphaned ?? host.clock.now() } : record
      if (retained !== record) await slot.write(retained)
      const deadLetters = await DeadLetters.from(logOf(id), host.clock, id, record.position.sequence)
      this.#sinks.set(id, { slot, deadLetters, record: retained })
      this.#follow(id, retained)
      if (retained.orphaned === undefined) return 0
      log.warn(
        `sink ${id} is no longer configured and ${rows} rows are pending for it: they are retained until it ` +
          `returns under its name, or \`weir sink forget ${id}\` drops them`,
        { sink: id, rows },
      )
      return rows
    })
  }

  returns(id: string): Promise<void> {
    return this.#exclusive(async () => {
      const former = this.#sinks.get(id)
      if (former === undefined) return
      this.#sinks.delete(id)
      this.#options.follower.forget(id)
      await former.deadLetters.close()
      await former.slot.close()
    })
  }

  forget(id: string): Promise<number | undefined> {
    return this.#exclusive(async () => {
      const former = this.#sinks.get(id)
      if (former?.record.orphaned === undefined) return undefined
      const { follower, host, log } = this.#options
      await follower.catchUp()
      const retried = await former.deadLetters.mark(
        former.deadLetters.retrying(Infinity).map((letter) => letter.id),
        'dropped',
      )
      const { record, rows } = this.#drop(id, former.record, follower.accepted(), 'forgotten')
      former.record = without(record, { removed: true, forgotten: host.clock.now() })
      await former.slot.write(former.record)
      this.#follow(id, former.record)
      log.error(`sink ${id} was forgotten: its pending rows are dropped`, { sink: id, rows: rows + retried })
      return rows + retried
    })
  }

  dropOrphaned(sequence: number): Promise<void> {
    return this.#exclusive(async () => {
      const { host, directory, tail, log } = this.#options
      for (const [id, former] of this.#sinks) {
        const { orphaned, position } = former.record
        if (orphaned === undefined || position.sequence >= sequence) continue
        const walked = new Follower({
          host,
          directory,
          after: position,
          accepted: [],
          tail: { durable: () => ({ ...tail.durable(), sequence }), moved: () => Promise.resolve() },
        })
        try {
          await walked.catchUp()
        } finally {
          await walked.close()
        }
        const { record, rows } = this.#drop(id, former.record, walked.accepted(), 'orphaned')
        const { intent: _, ...rest } = record
        former.record = {
          ...rest,
          position: { sequence: Math.max(sequence, walked.sequence), row: Math.max(position.row, walked.row) },
        }
        await former.slot.write(former.record)
        this.#follow(id, former.record)
        if (rows > 0)
          log.error(`sink ${id} is no longer configured and the journal is full: its oldest pending rows are dropped`, {
            sink: id,
            rows,
          })
      }
    })
  }

  async close(): Promise<void> {
    await this.#queue
    for (const id of this.#sinks.keys()) await this.returns(id)
  }

  #follow(id: string, record: SinkRecord) {
    this.#options.follower.follow(
      id,
      record.position.sequence,
      takes(record),
      Object.entries(record.sources).map(([name, tally]) => [name, tally.accounted]),
    )
  }

  #pending(record: SinkRecord) {
    let rows = 0
    for (const [source, accepted] of this.#options.follower.accepted())
      if (takes(record)(source)) rows += Math.max(0, accepted - (record.sources[source]?.accounted ?? 0))
    return rows
  }

  #drop(
    id: string,
    before: SinkRecord,
    accepted: ReadonlyMap<string, number>,
    reason: string,
  ): Readonly<{ record: SinkRecord; rows: number }> {
    const record = structuredClone(before)
    let rows = 0
    for (const [source, total] of accepted) {
      const tally = (record.sources[source] ??= emptyTally())
      const dropped = total - tally.accounted
      if (!takes(record)(source) || dropped <= 0) continue
      const change = { ...emptyTally(), accounted: dropped }
      add(change.dropped, reason, dropped)
      addTally(tally, change)
      countTally(this.#options.metrics, id, change)
      rows += dropped
    }
    return { record, rows }
  }

  #exclusive<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(act)
    this.#queue = done.catch(() => {})
    return done
  }
}

function takes({ from }: SinkRecord): (source: string) => boolean {
  return (source) => takesFrom(from, source)
}

export function stateOf({ orphaned, forgotten }: SinkRecord): Pick<SinkCounts, 'state'> {
  if (forgotten !== undefined) return { state: 'forgotten' }
  return orphaned === undefined ? {} : { state: 'orphaned' }
}

function without(
  { orphaned: _, intent: __, ...record }: SinkRecord,
  more: Pick<SinkRecord, 'removed' | 'forgotten'>,
): SinkRecord {
  return { ...record, ...more }
}
