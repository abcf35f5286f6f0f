import type { Host } from '../../host/index.ts'
import { emptyTotals } from '../../journal/recover.ts'
import {
  Fenced,
  FrameGroup,
  pack,
  type Appended,
  type BusRecord,
  type JournalBus,
  type SourceTotals,
  type Unit,
} from '../../journal/index.ts'
import { messageOf, WeirError } from '../../model/errors.ts'
import { componentOf } from '../../model/positions.ts'
import type { Log } from '../contracts.ts'
import { keys, partitionOf, sharedSource, type Place, type TotalsRecord } from './names.ts'
import { writeRecord, type SharedRecords } from './records.ts'
import { RetryingWriter } from './retrying-writer.ts'
import { totalsUpTo, type SharedUnit } from './units.ts'

export type SharedWriterOptions = Readonly<{
  bus: JournalBus
  records: SharedRecords
  instance: string
  host: Host
  log: Log
  queueBytes: number
  /** Called for accepted units that the stored totals do not cover. */
  onUnit?: (unit: SharedUnit) => void
}>

type OpenSource = Readonly<{
  partition: number
  ready: Promise<void>
}>

const closeMs = 5000

export class SharedWriter {
  readonly epoch: number
  readonly #options: SharedWriterOptions
  readonly #writer: RetryingWriter
  readonly #sources = new Map<string, OpenSource>()
  /** Totals with and without the units in progress. */
  readonly #ahead = new Map<string, SourceTotals>()
  readonly #stored = new Map<string, SourceTotals & { readonly place: number }>()
  readonly #frames = new Map<string, Place>()
  readonly #dirty = new Set<string>()
  #queued = 0
  #count = 0
  readonly #stop = new AbortController()

  private constructor(options: SharedWriterOptions, writer: RetryingWriter, epoch: number) {
    this.#options = options
    this.#writer = writer
    this.epoch = epoch
  }

  static async open(options: SharedWriterOptions): Promise<SharedWriter> {
    const { bus, records, instance, host, log } = options
    const name = `instance/${instance}`
    const writer = new RetryingWriter({ writer: await bus.claim(name), name, host, log })
    const key = keys.lease(instance)
    await writer.fence('records', key)
    await records.sync(new AbortController().signal)
    const epoch = (records.get<{ epoch: number }>(key)?.epoch ?? 0) + 1
    await writeRecord(writer, key, { epoch })
    const opened = new SharedWriter(options, writer, epoch)
    const earlier = records
      .under<TotalsRecord>(keys.totals(''))
      .filter(({ name: source }) => source.endsWith(`@${instance}`))
    await Promise.all(earlier.map(({ name: source }) => opened.#source(source).ready))
    return opened
  }

  get problem(): string | undefined {
    if (this.#writer.ended instanceof Fenced)
      return (
        `another Weir writes as ${this.#options.instance}: give each instance its own \`instance\` and ` +
        'restart this one'
      )
    return this.#writer.problem === undefined ? undefined : `the shared journal is unreachable: ${this.#writer.problem}`
  }

  get fenced(): boolean {
    return this.#writer.ended instanceof Fenced
  }

  async begin(id: string): Promise<Uint8Array | undefined> {
    const source = sharedSource(id, this.#options.instance)
    await this.#source(source).ready
    return this.#stored.get(source)?.cursor
  }

  totals(): ReadonlyMap<string, Readonly<SourceTotals>> {
    return new Map([...this.#stored].map(([source, total]) => [componentOf(source), total]))
  }

  places(source?: string): readonly Place[] {
    if (source === undefined) return [...this.#frames.values()]
    const frame = this.#frames.get(sharedSource(source, this.#options.instance))
    return frame === undefined ? [] : [frame]
  }

  append(unit: Unit): Promise<Appended> {
    return this.#append(unit, this.#source(sharedSource(unit.source, this.#options.instance)))
  }

  /** For a cursor shared by all instances: one partition, one order. */
  async appendShared(unit: Unit): Promise<Appended> {
    const partition = partitionOf(unit.source, this.#options.bus.partitions)
    const line = this.#source(sharedSource(unit.source, this.#options.instance), partition)
    if (line.partition !== partition)
      throw new WeirError('WEIR_CONFIG_INVALID', `source ${unit.source} had another type before`, {
        advice: 'Give it another id.',
      })
    const appended = await this.#append(unit, line)
    // Other instances read the cursor there.
    if (unit.cursor !== undefined) await this.#write(sharedSource(unit.source, this.#options.instance), partition)
    return appended
  }

  async #append(unit: Unit, line: OpenSource): Promise<Appended> {
    if (this.#queued > this.#options.queueBytes)
      throw new WeirError(
        'WEIR_JOURNAL_FULL',
        `${this.#queued} bytes wait for ${this.#options.bus.where}: ${this.#writer.problem ?? 'the bus is too slow'}`,
      )
    const packed = pack(unit.raw, unit.kind)
    this.#queued += packed.body.length
    try {
      const source = sharedSource(unit.source, this.#options.instance)
      await line.ready
      const group = new FrameGroup({ sequence: 0, row: 0, afterLoss: false }, this.epoch, this.#ahead)
      const appended = group.add({ ...unit, source }, packed)
      const total = group.changed.get(source) ?? emptyTotals()
      this.#ahead.set(source, total)
      const position = await this.#writer.write(line.partition, recordsOf(source, group.pieces))
      this.#stored.set(source, { ...total, place: position })
      this.#frames.set(source, { partition: line.partition, place: position })
      this.#dirty.add(source)
      // Increases over partitions and starts.
      return {
        ...appended,
        busPosition: position,
        position: { sequence: this.epoch * 2 ** 32 + ++this.#count, row: 0 },
      }
    } catch (error) {
      if (error instanceof WeirError) throw error
      throw new WeirError(
        'WEIR_JOURNAL_SYNC',
        `${this.#options.bus.where} did not accept the unit: ${messageOf(error)}`,
        {
          cause: error,
        },
      )
    } finally {
      this.#queued -= packed.body.length
    }
  }

  async save(): Promise<void> {
    const dirty = [...this.#dirty]
    this.#dirty.clear()
    await Promise.all(dirty.map((source) => this.#write(source, this.#source(source).partition)))
  }

  async close(): Promise<void> {
    if (this.#writer.problem === undefined)
      await Promise.race([this.save().catch(() => undefined), this.#options.host.timers.sleep(closeMs)])
    this.#stop.abort()
    await this.#writer.close(closeMs)
  }

  #source(source: string, wanted = partitionOf(source, this.#options.bus.partitions)): OpenSource {
    const existing = this.#sources.get(source)
    if (existing !== undefined) return existing
    const partition = this.#options.records.get<TotalsRecord>(keys.totals(source))?.partition ?? wanted
    const line = { partition, ready: this.#begin(source, partition) }
    // The next append reports the error.
    line.ready.catch(() => this.#sources.delete(source))
    this.#sources.set(source, line)
    return line
  }

  /** No frame of an earlier epoch can follow. */
  async #begin(source: string, partition: number) {
    const { bus, records, onUnit } = this.#options
    const until = await this.#writer.fence(partition, source)
    const { totals, place } = await totalsUpTo({
      bus,
      records,
      partition,
      source,
      until,
      signal: this.#stop.signal,
      onUnit: (unit) => {
        this.#frames.set(source, { partition, place: unit.place })
        onUnit?.(unit)
      },
    })
    const total = { ...(totals.get(source) ?? emptyTotals()), sequence: 0 }
    this.#ahead.set(source, total)
    this.#stored.set(source, { ...total, place })
    await this.#write(source, partition)
  }

  async #write(source: string, partition: number) {
    const total = this.#stored.get(source)
    if (total === undefined) return
    const { cursor, ...rest } = total
    const record: TotalsRecord = {
      ...rest,
      epoch: this.epoch,
      partition,
      ...(cursor === undefined ? {} : { cursor: Buffer.from(cursor).toString('base64') }),
    }
    await writeRecord(this.#writer, keys.totals(source), record)
  }
}

function recordsOf(source: string, pieces: readonly Uint8Array[]): Omit<BusRecord, 'position'>[] {
  const records: Omit<BusRecord, 'position'>[] = []
  for (let at = 0; at < pieces.length; at += 2)
    records.push({
      key: source,
      value: Buffer.concat([pieces[at] ?? new Uint8Array(0), pieces[at + 1] ?? new Uint8Array(0)]),
    })
  return records
}
