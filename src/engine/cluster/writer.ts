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
import { SteadyWriter } from './steady-writer.ts'
import { totalsUpTo, type SharedUnit } from './units.ts'

export interface SharedWriterOptions {
  readonly bus: JournalBus
  readonly records: SharedRecords
  /** Name of this Weir among those that share the journal. */
  readonly instance: string
  readonly host: Host
  readonly log: Log
  /** Bytes that may wait for the bus; beyond them units are refused. */
  readonly queueBytes: number
  /** What is found behind the totals that were last written down: it was accepted before this start. */
  readonly onUnit?: (unit: SharedUnit) => void
}

interface Line {
  readonly partition: number
  readonly ready: Promise<void>
}

const closeMs = 5000

/** The writer of the sources of one instance. A unit is accepted when the bus has it for good; while the bus is away units wait here. */
export class SharedWriter {
  readonly epoch: number
  readonly #options: SharedWriterOptions
  readonly #writer: SteadyWriter
  readonly #lines = new Map<string, Line>()
  /** With what is under way, and without; by the source's full name. */
  readonly #ahead = new Map<string, SourceTotals>()
  readonly #stored = new Map<string, SourceTotals & { readonly place: number }>()
  /** Place of the last frame of each source, as far as it was written or found by us. */
  readonly #frames = new Map<string, Place>()
  readonly #dirty = new Set<string>()
  #queued = 0
  #count = 0
  readonly #stop = new AbortController()

  private constructor(options: SharedWriterOptions, writer: SteadyWriter, epoch: number) {
    this.#options = options
    this.#writer = writer
    this.epoch = epoch
  }

  /** Takes the name, so that nobody else writes under it, and learns how far its sources are. Rejects when the bus is away. */
  static async open(options: SharedWriterOptions): Promise<SharedWriter> {
    const { bus, records, instance, host, log } = options
    const name = `instance/${instance}`
    const writer = new SteadyWriter({ writer: await bus.claim(name), name, host, log })
    const key = keys.lease(instance)
    await writer.fence('records', key)
    await records.sync(new AbortController().signal)
    const epoch = (records.get<{ epoch: number }>(key)?.epoch ?? 0) + 1
    await writeRecord(writer, key, { epoch })
    const opened = new SharedWriter(options, writer, epoch)
    const known = records
      .under<TotalsRecord>(keys.totals(''))
      .filter(({ name: source }) => source.endsWith(`@${instance}`))
    await Promise.all(known.map(({ name: source }) => opened.#line(source).ready))
    return opened
  }

  /** Why units wait or are refused, in words; undefined while they are not. */
  get problem(): string | undefined {
    if (this.#writer.ended instanceof Fenced)
      return `another Weir writes as ${this.#options.instance}: give each an \`instance\` of its own, and start this one again`
    return this.#writer.away === undefined ? undefined : `the journal is away: ${this.#writer.away}`
  }

  /** Somebody else writes under the name now. */
  get fenced(): boolean {
    return this.#writer.ended instanceof Fenced
  }

  /** Takes a source before it has anything to write: the cursor of its last unit, which nobody else can write behind any more. */
  async begin(id: string): Promise<Uint8Array | undefined> {
    const source = sharedSource(id, this.#options.instance)
    await this.#line(source).ready
    return this.#stored.get(source)?.cursor
  }

  /** Totals by the id that the configuration has for a source. */
  totals(): ReadonlyMap<string, Readonly<SourceTotals>> {
    return new Map([...this.#stored].map(([source, total]) => [componentOf(source), total]))
  }

  /** Where whatever of these sources is stored by now ends, in each partition that one writes to; `source`: only this one's. */
  places(source?: string): readonly Place[] {
    if (source === undefined) return [...this.#frames.values()]
    const place = this.#frames.get(sharedSource(source, this.#options.instance))
    return place === undefined ? [] : [place]
  }

  append(unit: Unit): Promise<Appended> {
    return this.#append(unit, this.#line(sharedSource(unit.source, this.#options.instance)))
  }

  /** As `append`, for a source that goes on from what any instance of it told: all of them write to one partition, in which there is one order. */
  async appendWithAll(unit: Unit): Promise<Appended> {
    const partition = partitionOf(unit.source, this.#options.bus.partitions)
    const line = this.#line(sharedSource(unit.source, this.#options.instance), partition)
    // Nobody would look for it where it is.
    if (line.partition !== partition)
      throw new WeirError('WEIR_CONFIG_INVALID', `source ${unit.source} was of another type before: give it another id`)
    const appended = await this.#append(unit, line)
    // Other instances look for it in the records.
    if (unit.cursor !== undefined) await this.#write(sharedSource(unit.source, this.#options.instance), partition)
    return appended
  }

  async #append(unit: Unit, line: Line): Promise<Appended> {
    if (this.#queued > this.#options.queueBytes)
      throw new WeirError(
        'WEIR_JOURNAL_FULL',
        `${this.#queued} bytes wait for ${this.#options.bus.where}: ${this.#writer.away ?? 'it does not keep up'}`,
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
      const place = await this.#writer.write(line.partition, recordsOf(source, group.pieces))
      this.#stored.set(source, { ...total, place })
      this.#frames.set(source, { partition: line.partition, place })
      this.#dirty.add(source)
      // Rises over all partitions and starts, which places do not.
      return { ...appended, place, position: { sequence: this.epoch * 2 ** 32 + ++this.#count, row: 0 } }
    } catch (error) {
      if (error instanceof WeirError) throw error
      throw new WeirError('WEIR_JOURNAL_SYNC', `${this.#options.bus.where} has not taken it: ${messageOf(error)}`, {
        cause: error,
      })
    } finally {
      this.#queued -= packed.body.length
    }
  }

  /** Writes down how far the sources are, so that the next start need not read what lies before. */
  async save(): Promise<void> {
    const dirty = [...this.#dirty]
    this.#dirty.clear()
    await Promise.all(dirty.map((source) => this.#write(source, this.#line(source).partition)))
  }

  async close(): Promise<void> {
    if (this.#writer.away === undefined)
      await Promise.race([this.save().catch(() => undefined), this.#options.host.timers.sleep(closeMs)])
    this.#stop.abort()
    await this.#writer.close(closeMs)
  }

  /** It stays in the partition that it is in. */
  #line(source: string, wanted = partitionOf(source, this.#options.bus.partitions)): Line {
    const known = this.#lines.get(source)
    if (known !== undefined) return known
    const partition = this.#options.records.get<TotalsRecord>(keys.totals(source))?.partition ?? wanted
    const line = { partition, ready: this.#begin(source, partition) }
    // What fails here is met by whoever appends next.
    line.ready.catch(() => this.#lines.delete(source))
    this.#lines.set(source, line)
    return line
  }

  /** From here on nobody else writes this source: what is there is all that there ever was of earlier epochs. */
  async #begin(source: string, partition: number): Promise<void> {
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
    // Whoever starts later begins to read here.
    await this.#write(source, partition)
  }

  async #write(source: string, partition: number): Promise<void> {
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

/** A header and a body make one record. */
function recordsOf(source: string, pieces: readonly Uint8Array[]): Omit<BusRecord, 'place'>[] {
  const records: Omit<BusRecord, 'place'>[] = []
  for (let at = 0; at < pieces.length; at += 2)
    records.push({
      key: source,
      value: Buffer.concat([pieces[at] ?? new Uint8Array(0), pieces[at + 1] ?? new Uint8Array(0)]),
    })
  return records
}
