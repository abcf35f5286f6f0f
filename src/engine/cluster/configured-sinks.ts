/** Where a sink starts: where its partition ended when the first instance had it in its configuration. */
import type { Host } from '../../host/index.ts'
import type { JournalBus } from '../../journal/index.ts'
import type { Log } from '../contracts.ts'
import type { SinkRecord } from '../delivery/tally.ts'
import { keys, spread } from './names.ts'
import { writeRecord, type SharedRecords } from './records.ts'
import { RetryingWriter } from './retrying-writer.ts'

type ConfiguredRecord = Readonly<{
  /** End of each partition when the instance received the configuration. */
  places: readonly number[]
}>

type JoinedRecord = Readonly<{
  /** Unix ms at which the first instance joined; 0: the journal is older than these records. */
  began: number
}>

type ConfiguredSinksOptions = Readonly<{
  bus: JournalBus
  records: SharedRecords
  instance: string
  host: Host
  log: Log
}>

/** The first sinks of a younger journal start where it starts: its collectors may not name those of deliverers. */
export const youngMs = 3_600_000

export class ConfiguredSinks {
  readonly #options: ConfiguredSinksOptions
  #writer: RetryingWriter | undefined
  #applied: Promise<unknown> = Promise.resolve()

  constructor(options: ConfiguredSinksOptions) {
    this.#options = options
  }

  /** Rows that are acknowledged after it resolves do not precede a sink. */
  apply(sinks: readonly string[]): Promise<void> {
    const applying = this.#applied.then(() => this.#apply(sinks))
    this.#applied = applying.catch(() => undefined)
    return applying
  }

  async close(withinMs: number): Promise<void> {
    await this.#writer?.close(withinMs)
  }

  async #apply(sinks: readonly string[]) {
    const { bus, records, instance, host } = this.#options
    const neverAborted = new AbortController().signal
    await records.sync(neverAborted)
    const joinTimes = records.under<JoinedRecord>(keys.joined('')).map(({ value }) => value.began)
    const ends = (await Promise.all(Array.from({ length: bus.partitions }, (_, at) => bus.bounds(at)))).map(
      ({ last }) => last,
    )
    const now = host.clock.now()
    const began = Math.min(...joinTimes, joinTimes.length === 0 && ends.some((end) => end > 0) ? 0 : now)
    const joins = records.get(keys.joined(instance)) === undefined
    if (joins) await this.#write(keys.joined(instance), { began } satisfies JoinedRecord)
    const isFirst = joins && records.under(keys.configured).length === 0 && records.under(keys.sinks).length === 0
    const places = isFirst && now - began < youngMs ? ends.map(() => 0) : ends
    for (const id of sinks) {
      const key = keys.configuredBy(id, instance)
      if (records.get(key) === undefined || this.#isOutdated(id, key))
        await this.#write(key, { places } satisfies ConfiguredRecord)
    }
    const sinkKeys = sinks.map((id) => keys.configuredBy(id, instance))
    for (const { name } of records.under(keys.configured)) {
      const key = `${keys.configured}${name}`
      if (name.endsWith(`/${instance}`) && !sinkKeys.includes(key)) await this.#write(key, undefined)
    }
    await records.sync(neverAborted)
  }

  /** True if the sink was removed since it was configured. */
  #isOutdated(sink: string, key: string) {
    const { bus, records } = this.#options
    const configuredAt = records.placeOf(key) ?? 0
    return Array.from({ length: bus.partitions }, (_, partition) => keys.sink(partition, sink)).some(
      (of) => records.get<SinkRecord>(of)?.removed === true && (records.placeOf(of) ?? 0) > configuredAt,
    )
  }

  async #write(key: string, value: unknown) {
    const { bus, instance, host, log } = this.#options
    const name = `configuration/${instance}`
    const writer = (this.#writer ??= new RetryingWriter({ writer: await bus.claim(name), name, host, log }))
    try {
      await writer.fence('records', key)
      if (value === undefined) await writer.write('records', [{ key, value: new Uint8Array(0) }])
      else await writeRecord(writer, key, value)
    } catch (error) {
      // The next attempt claims the name of the writer again.
      if (this.#writer === writer) this.#writer = undefined
      await writer.close(0)
      throw error
    }
  }
}

/** Place where the sink starts. Undefined if no instance has configured the sink since its removal. */
export function configuredPlace(records: SharedRecords, sink: string, partition: number): number | undefined {
  const sinkKey = keys.sink(partition, sink)
  const value = records.get<SinkRecord>(sinkKey)
  const [removed, least] =
    value?.removed === true ? [records.placeOf(sinkKey) ?? 0, Math.ceil(value.position.sequence / spread)] : [0, 0]
  const prefix = keys.configuredBy(sink, '')
  const places = records
    .under<ConfiguredRecord>(prefix)
    .filter(({ name }) => (records.placeOf(`${prefix}${name}`) ?? 0) > removed)
    .flatMap(({ value: { places: all } }) => all[partition] ?? [])
  return places.length === 0 ? undefined : Math.max(least, Math.min(...places))
}
