import type { DuplicateWindow } from '../../engine/dedupe/duplicates.ts'
import type { AwaitedSink } from '../../engine/contracts.ts'
import { sharedSource, type Place } from '../../engine/cluster/names.ts'
import { begun, partitionOfSource, passed } from '../../engine/cluster/sink-progress.ts'
import { replicate } from '../../engine/cluster/replica.ts'
import { frameOf, type SharedUnit } from '../../engine/cluster/units.ts'
import { SharedWriter } from '../../engine/cluster/writer.ts'
import type { SourceJournal } from '../../engine/sources/sources.ts'
import type { Host } from '../../host/index.ts'
import type { SegmentWriter, SourceTotals } from '../../journal/index.ts'
import { WeirError } from '../../model/errors.ts'
import type { Log, Metrics } from '../../telemetry/ports.ts'
import { join, untilThere, type Joined, type SharedStart } from '../shared.ts'

type SharedIngestParts = Readonly<{
  host: Host
  log: Log
  metrics: Metrics
  window: DuplicateWindow
  journal: SegmentWriter
  queueBytes: number
}>

export class SharedIngest {
  readonly writer: SourceJournal
  readonly watched: Pick<SourceJournal, 'append'>
  readonly #shared: SharedWriter | undefined
  readonly #instance: string
  readonly #serves: boolean
  readonly #parts: SharedIngestParts
  readonly #joined: Joined
  readonly #stop: AbortController
  readonly #copying: Promise<void>

  private constructor(
    start: SharedStart,
    parts: SharedIngestParts,
    joined: Joined,
    writer: SharedWriter | undefined,
    stop: AbortController,
  ) {
    this.#parts = parts
    this.#joined = joined
    this.#shared = writer
    this.#instance = start.instance
    this.#serves = start.serves
    this.#stop = stop
    this.writer = writer ?? noJournal
    this.watched = writer === undefined ? noJournal : { append: (unit) => writer.appendShared(unit) }
    this.#copying = start.serves ? replicate({ bus: joined.bus, ...parts, signal: stop.signal }) : Promise.resolve()
  }

  static async start(start: SharedStart, parts: SharedIngestParts): Promise<SharedIngest> {
    const { host, log, window, queueBytes } = parts
    const stop = new AbortController()
    const { bus, records, close } = await join(start, { host, log, thread: 'ingest' }, stop.signal)
    const results: SharedUnit[] = []
    const writer = start.collects
      ? await untilThere(
          () =>
            SharedWriter.open({
              bus,
              records,
              instance: start.instance,
              host,
              log,
              queueBytes,
              onUnit: (unit) => results.push(unit),
            }),
          host,
          log,
          stop.signal,
        )
      : undefined
    await window.apply(results.map(frameOf).filter((frame) => frame !== undefined))
    return new SharedIngest(start, parts, { bus, records, close }, writer, stop)
  }

  totals(): ReadonlyMap<string, Readonly<SourceTotals>> {
    return this.#serves ? this.#parts.journal.totals() : this.writer.totals()
  }

  get problem(): string | undefined {
    return this.#shared?.problem
  }

  /** With duplicates also the positions of local sources that may have the originals. */
  places(source: string, duplicates: number): readonly Place[] {
    return this.#shared?.places(duplicates === 0 ? source : undefined) ?? []
  }

  awaited(sink: string, source: string): AwaitedSink {
    const { records, bus } = this.#joined
    const partition = () => partitionOfSource(records, sharedSource(source, this.#instance), bus.partitions)
    const isThere = () => begun(records, sink, partition())
    return {
      ready: async (signal, waiting) => {
        if (!isThere()) waiting(`no deliverer has started sink ${sink} in partition ${partition()}`)
        await records.until(isThere, signal)
        return !signal.aborted
      },
      settled: ({ duplicates = 0 }, signal) => passed(records, sink, this.places(source, duplicates), signal),
    }
  }

  async save(): Promise<void> {
    await this.#shared?.save()
  }

  async close(): Promise<void> {
    await this.#shared?.close()
    this.#stop.abort()
    await this.#copying
    await this.#joined.close()
  }
}

const noJournal: SourceJournal = {
  epoch: 0,
  totals: () => new Map(),
  append: () =>
    Promise.reject(
      new WeirError(
        'WEIR_NO_COLLECTOR',
        'this instance has no sources: its \\`roles\\` do not include \\`collector\\`',
      ),
    ),
}
