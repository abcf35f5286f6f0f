/** A configuration without sources and without outside effects: transforms, routes and encoders on given frames. */
import type { Enrichment } from '../../engine/contracts.ts'
import { chooseRows, compileRoute, takesFrom, type Choice, type Chosen } from '../../engine/delivery/route.ts'
import type { SinkEntry } from '../../engine/delivery/sinks.ts'
import { storeSink } from '../../engine/ledger/ledger.ts'
import { messageOf } from '../../model/errors.ts'
import { transformSchemas } from '../../components/manifests.ts'
import { sinkEntries } from '../config-entries.ts'
import type { Loaded } from '../load-config.ts'
import { noCounts, type Counts } from './report.ts'
import { keyAt, type RowKey, type RowStream } from './row-keys.ts'
import { RehearsedSink, type SentRow, type SinkContext } from './sink.ts'
import { RehearsedTransform } from './transform.ts'

type Part = RehearsedSink | RehearsedTransform

interface Reader<Of extends Part> {
  readonly part: Of
  readonly from: readonly string[] | undefined
  readonly choice: Omit<Choice, 'enrichment'>
}

/** Results of a sink for one frame. */
export interface SinkResult {
  readonly rows: SentRow[]
  readonly counts: Map<string, Counts>
  /** Why the sink sends no row of a source that is made of a row of the frame. */
  readonly reason: (key: RowKey, source: string) => string
}

/** State while a frame passes the pipeline; `seen`: contents of rows that are made of several rows. */
type Pass = Readonly<{
  queue: RowStream[]
  seen: Map<string, number>
  /** Why parts passed no row, by part and key. */
  dropped: Map<string, Map<RowKey, string>>
  results: Map<string, SinkResult>
}>

export class RehearsedPipeline {
  readonly #sinks: readonly Reader<RehearsedSink>[]
  readonly transforms: readonly RehearsedTransform[]
  readonly #readers: readonly Reader<RehearsedTransform>[]
  readonly #enrichment: Enrichment | undefined
  /** Sinks that could not be built. */
  readonly problems: ReadonlyMap<string, string>
  /** Sinks of which the result is not needed. */
  #unused: ReadonlySet<string> = new Set()

  private constructor(
    parts: readonly Reader<Part>[],
    problems: ReadonlyMap<string, string>,
    enrichment: Enrichment | undefined,
  ) {
    this.#sinks = parts.filter((reader): reader is Reader<RehearsedSink> => reader.part instanceof RehearsedSink)
    this.#readers = parts.filter(
      (reader): reader is Reader<RehearsedTransform> => reader.part instanceof RehearsedTransform,
    )
    this.transforms = this.#readers.map(({ part }) => part)
    this.problems = problems
    this.#enrichment = enrichment
  }

  static async open(
    { config, document, filter }: Loaded,
    context: SinkContext,
    enrichment: Enrichment | undefined,
  ): Promise<RehearsedPipeline> {
    const problems = new Map<string, string>()
    const readers: Reader<Part>[] = []
    for (const entry of sinkEntries(config, document, filter)) {
      try {
        readers.push(readerOf(entry, await openPart(entry, context)))
      } catch (error) {
        problems.set(entry.id, messageOf(error))
      }
    }
    if (config.store.enabled === 'parquet') {
      const part = RehearsedSink.store()
      const choice = { route: compileRoute(part.accepts, { silenced: true }) }
      readers.push({ part, from: config.store.from ?? undefined, choice })
    }
    return new RehearsedPipeline(readers, problems, enrichment)
  }

  get sinks(): readonly RehearsedSink[] {
    return this.#sinks.map(({ part }) => part)
  }

  without(sinks: ReadonlySet<string>): void {
    this.#unused = sinks
  }

  /** Results by sink. `header.received` is the time. */
  take(frame: RowStream): Map<string, SinkResult> {
    const { sequence, received } = frame.header
    const pass = this.#pass()
    for (const transform of this.transforms) pass.queue.push(...transform.close(received, sequence, pass.seen))
    pass.queue.push(frame)
    return this.#run(pass)
  }

  /** Ends all windows. */
  end(sequence: number, received: number): Map<string, SinkResult> {
    const pass = this.#pass()
    // Outputs of windows may open windows of other transforms.
    for (const transform of ordered(this.#readers)) {
      pass.queue.push(...transform.end(sequence, received, pass.seen))
      this.#run(pass)
    }
    return pass.results
  }

  async close(): Promise<void> {
    await Promise.all(this.sinks.map((sink) => sink.close()))
  }

  #pass(): Pass {
    const results = new Map<string, SinkResult>()
    const droppedRows: Pass['dropped'] = new Map()
    for (const part of [...this.sinks, ...this.transforms]) droppedRows.set(part.id, new Map())
    for (const { part, from } of this.#sinks) {
      const { id } = part
      const reason = (key: RowKey, source: string): string => {
        if (!takesFrom(from, source)) return `the sink does not read ${source}`
        const readerIds = [id, ...this.#above(source)]
        return (
          readerIds.flatMap((name) => droppedRows.get(name)?.get(key) ?? [])[0] ?? `no row of ${source} is made of it`
        )
      }
      results.set(id, { rows: [], counts: new Map(), reason })
    }
    return { queue: [], seen: new Map(), dropped: droppedRows, results }
  }

  /** The transforms that make the rows of a source, the last one first. */
  #above(source: string): readonly string[] {
    const reader = this.#readers.find(({ part: { id } }) => source === id || source.startsWith(`${id}.`))
    if (reader === undefined) return []
    return [reader.part.id, ...(reader.from ?? []).flatMap((before) => this.#above(before))]
  }

  #run({ queue, seen, dropped, results }: Pass): Map<string, SinkResult> {
    for (let stream = queue.shift(); stream !== undefined; stream = queue.shift()) {
      const { source } = stream.header
      for (const { part, from, choice } of this.#readers) {
        if (!takesFrom(from, source)) continue
        const chosenRows = this.#choose(stream, choice)
        noteUnchosen(stream, chosenRows, `transform ${part.id}`, dropped.get(part.id))
        if (chosenRows.rows.length > 0)
          queue.push(...part.take(stream, chosenRows, seen, (key, reason) => dropped.get(part.id)?.set(key, reason)))
      }
      for (const { part, from, choice } of this.#sinks) {
        const result = results.get(part.id)
        if (result === undefined || this.#unused.has(part.id) || !takesFrom(from, source)) continue
        const chosenRows = this.#choose(stream, choice)
        noteUnchosen(stream, chosenRows, 'sink', dropped.get(part.id))
        const sent = part.send({ ...stream, batch: chosenRows.batch }, chosenRows.rows)
        for (const row of sent) result.rows.push(row)
        count(result.counts, stream, chosenRows, sent)
      }
    }
    return results
  }

  #choose(stream: RowStream, choice: Omit<Choice, 'enrichment'>): Chosen {
    return chooseRows(stream.batch, stream.header, { ...choice, enrichment: this.#enrichment })
  }
}

async function openPart(entry: SinkEntry, context: SinkContext): Promise<Part> {
  return entry.type in transformSchemas && entry.id !== storeSink
    ? RehearsedTransform.open(entry)
    : RehearsedSink.open(entry, context)
}

function readerOf<Of extends Part>({ delivery }: SinkEntry, part: Of): Reader<Of> {
  const { from, only } = delivery
  return { part, from, choice: { route: compileRoute(part.accepts, delivery), filter: only?.filter } }
}

/** Orders transforms: a reader of an output follows the transform that makes it. */
function ordered(readers: readonly Reader<RehearsedTransform>[]): readonly RehearsedTransform[] {
  const orderedReaders: Reader<RehearsedTransform>[] = []
  let unordered = [...readers]
  while (unordered.length > 0) {
    const waits = ({ from }: Reader<RehearsedTransform>) =>
      unordered.some(
        ({ part: { id } }) => from?.some((source) => source === id || source.startsWith(`${id}.`)) === true,
      )
    const next = unordered.filter((reader) => !waits(reader))
    if (next.length === 0) break
    orderedReaders.push(...next)
    unordered = unordered.filter((reader) => !next.includes(reader))
  }
  return [...orderedReaders, ...unordered].map(({ part }) => part)
}

const settingOf: Readonly<Record<string, string>> = {
  kind: 'it takes no such rows',
  only: 'only',
  filter: 'only.filter',
}

function noteUnchosen(
  { keys, batch }: RowStream,
  { rows, filtered }: Chosen,
  of: string,
  into: Map<RowKey, string> | undefined,
) {
  if (rows.length === batch.count) return
  const reason = `${of}: ${Object.keys(filtered)
    .map((name) => settingOf[name] ?? name)
    .join(', ')}`
  const chosenRows = new Set(rows)
  for (let row = 0; row < batch.count; row++) if (!chosenRows.has(row)) into?.set(keyAt(keys, row), reason)
}

function count(
  into: Map<string, Counts>,
  { header: { source }, batch }: RowStream,
  { filtered }: Chosen,
  sent: readonly SentRow[],
) {
  const counts = into.get(source) ?? noCounts()
  into.set(source, counts)
  counts.accepted += batch.count
  for (const [reason, rows] of Object.entries(filtered)) counts.filtered[reason] = (counts.filtered[reason] ?? 0) + rows
  for (const { preview } of sent)
    if ('problem' in preview) counts.refused++
    else {
      counts.sent++
      counts.bytes += preview.body.length
      for (const [name, value] of Object.entries(preview.headers ?? {})) counts.bytes += name.length + value.length
    }
}
