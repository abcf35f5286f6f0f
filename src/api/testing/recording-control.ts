import type {
  Control,
  SinkOutcome,
  Health,
  Ledger,
  QueryFormat,
  SharedJournal,
  TimeRange,
} from '../../engine/control.ts'
import { frameHeader } from '../../journal/frame-header.ts'
import type { Frame } from '../../journal/types.ts'
import type { DerivationListener, Preview } from '../../engine/contracts.ts'
import { decodeBatch, encodeBatch } from '../../journal/bodies.ts'
import type { Batch, EventBatch } from '../../model/batches.ts'
import { originCursor, type Origin } from '../../model/origins.ts'
import { WeirError } from '../../model/errors.ts'
import type { WeirEvent } from '../../model/events.ts'
import { eventAt, toEventBatch } from '../../model/events.ts'
import type { Store } from '../../store/index.ts'

/** Results are set by the test. */
export class RecordingControl implements Control {
  readonly ingested: WeirEvent[] = []
  readonly queries: { sql: string; format: QueryFormat; signal: AbortSignal }[] = []
  readonly moved: string[] = []
  readonly #listeners = new Set<(frame: Frame) => void>()
  #sequence = 0
  outcome: SinkOutcome | undefined
  failIngest: Error | undefined
  answer: (sql: string, signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>> = async () => pieces('[{"n":1}]')
  stops: () => readonly TimeRange[] = () => []
  storeLag: Control['storeLag'] = () => 400
  acknowledges: Control['acknowledges'] = () => false
  manifest: Control['manifest'] = () => Promise.resolve(undefined)
  ledgerNow: Ledger = {
    balanced: true,
    sources: [{ name: 'netflow', accepted: 12, duplicates: 0, unreadable: 0, shed: {} }],
    sinks: [
      {
        name: 'store',
        from: ['netflow'],
        filtered: {},
        routed: 12,
        delivered: 12,
        dead_lettered: 0,
        dropped: {},
        quarantined: 0,
        pending: 0,
      },
    ],
  }
  sharedNow: SharedJournal | undefined
  shared = async (): Promise<SharedJournal | undefined> => this.sharedNow
  healthNow: Health = { live: true, ready: true, accepting: true, draining: false, reasons: [], warnings: [] }
  reloadProblems: string[] = []
  store: Control['store'] = {
    query: async (sql, format, signal) => {
      this.queries.push({ sql, format, signal })
      return this.answer(sql, signal)
    },
    edges: async () => [],
  }
  /** Queries of the API read `store`. */
  readsFrom(store: Pick<Store, 'reader' | 'status'>): void {
    this.store = {
      query: (sql, format, signal) => store.reader.query(sql, format, signal),
      edges: (query, signal) => store.reader.edges(query, signal),
      sums: () => Promise.resolve(store.status().sums),
    }
  }
  readonly deadLetters: Control['deadLetters'] = {
    list: async ({ sink, reason }, limit, bodies, after) =>
      after?.id === 'http:1:2:0'
        ? []
        : [
            {
              id: 'http:1:2:0',
              sink: sink ?? 'nats',
              time: 1_700_000_000_000,
              reason: reason ?? `limit ${limit}`,
              attempts: 3,
              state: 'open',
              kind: 'events',
              ...(bodies ? { body: { id: 'a' } } : {}),
            },
          ],
    show: async (id) =>
      id === 'http:1:2:0'
        ? { id, sink: 'nats', time: 1, reason: 'poison', attempts: 1, state: 'open', kind: 'events', body: null }
        : undefined,
    edit: async (sink, id) => id === 'http:1:2:0' && this.#move('edit', sink, [id]) === 1,
    reasons: async (sink, limit) => [
      {
        sink: sink ?? 'nats',
        reason: `limit ${limit}`,
        open: 7,
        retrying: 1,
        oldest: 1_700_000_000_000,
        newest: 1_700_000_060_000,
      },
    ],
    retry: async (sink, choice) => this.#move('retry', sink, choice?.ids, choice?.reason, choice?.until),
    drop: async (sink, choice) => this.#move('drop', sink, choice?.ids, choice?.reason, choice?.until),
  }

  constructor(startSequence = 0) {
    this.#sequence = startSequence
  }

  #move(verb: string, sink: string, ids: readonly string[] | undefined, reason?: string, until?: number): number {
    const more = [reason, until].filter((part) => part !== undefined)
    this.moved.push([verb, sink, ids?.join(',') ?? 'all', ...more].join(' '))
    return ids?.length ?? 7
  }

  async ingest(batch: EventBatch): ReturnType<Control['ingest']> {
    if (this.failIngest !== undefined) throw this.failIngest
    for (let row = 0; row < batch.count; row++) this.ingested.push(eventAt(batch, row))
    this.publish(batch, 'http')
    return { accepted: batch.count, duplicates: 0, ...(this.outcome === undefined ? {} : { outcome: this.outcome }) }
  }

  ledger = async (): Promise<Ledger> => this.ledgerNow

  pipeline = async (): ReturnType<Control['pipeline']> => ({
    sources: [
      { name: 'netflow', type: 'netflow', addresses: ['udp://0.0.0.0:2055', 'udp://0.0.0.0:4739'], rate: 3.5 },
      { name: 'http', type: 'http', addresses: [], rate: 0 },
    ],
    sinks: [{ name: 'store', type: 'store', from: ['netflow', 'http'], lagMs: 400, state: 'running' }],
    journal: { bytes: 1024, segments: 1, sequence: this.#sequence },
  })

  /** A sink `bus` receives every second row of all sources and writes only their ids. */
  tap(target: Parameters<Control['tap']>[0], listener: Parameters<Control['tap']>[1]): () => void {
    if ('sink' in target && target.sink !== 'bus')
      throw new WeirError('WEIR_SINK_UNKNOWN', `there is no sink ${target.sink}`)
    if ('source' in target && !['netflow', 'http'].includes(target.source))
      throw new WeirError('WEIR_SOURCE_UNKNOWN', `there is no source ${target.source}`)
    return this.watch((frame) => {
      const { header } = frame
      if ('source' in target && header.source !== target.source) return
      const batch = decodeBatch(header.kind as 'flows' | 'events', frame.body())
      const rows = Uint32Array.from({ length: batch.count }, (_, row) => row).filter(
        (row) => 'source' in target || row % 2 === 0,
      )
      listener({ header, batch, rows, firstRow: 0 })
    })
  }

  readonly #derivations = new Set<DerivationListener>()

  /** The only transform is `masked`; {@link derive} shows its rows. */
  derivations(transform: string, listener: DerivationListener): () => void {
    if (transform !== 'masked') throw new WeirError('WEIR_SINK_UNKNOWN', `there is no transform ${transform}`)
    this.#derivations.add(listener)
    return () => void this.#derivations.delete(listener)
  }

  derive(...given: Parameters<DerivationListener['derived']>): void {
    for (const listener of this.#derivations) listener.derived(...given)
  }

  *preview(_sink: string, { pieces: some }: Parameters<Control['preview']>[1]): Generator<Preview> {
    for (const { rows } of some)
      for (const row of rows)
        yield row === 0
          ? { problem: 'poison' }
          : { to: 'subject', headers: { n: String(row) }, body: row === 4 ? Buffer.of(255) : Buffer.from(`row ${row}`) }
  }

  clusters = (): ReturnType<Control['clusters']> => Promise.resolve([])
  exportersNow: Awaited<ReturnType<Control['exporters']>> = []

  exporters = async (): ReturnType<Control['exporters']> => this.exportersNow

  watch(listener: (frame: Frame) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  get watchers(): number {
    return this.#listeners.size + this.#derivations.size
  }

  /** Returns the sequence. `origin`: position in a shared journal. */
  publish(
    batch: Batch,
    source = 'netflow',
    origin?: Pick<Origin, 'partition' | 'place'>,
    received = Date.now(),
  ): number {
    const raw = encodeBatch(batch)
    const sequence = ++this.#sequence
    const frame: Frame = {
      firstSequence: sequence,
      body: () => raw,
      header: frameHeader({
        sequence,
        kind: batch.kind,
        source,
        count: batch.count,
        received,
        bodyBytes: raw.length,
        rawBytes: raw.length,
        ...(origin === undefined ? {} : { cursor: originCursor({ ...origin, epoch: 1, sequence }) }),
      }),
    }
    this.hand(frame)
    return sequence
  }

  hand(frame: Frame): void {
    for (const listener of this.#listeners) listener(frame)
  }

  forgetSink = (sink: string): Promise<number> =>
    sink === 'old'
      ? Promise.resolve(3)
      : Promise.reject(new WeirError('WEIR_SINK_UNKNOWN', `no sink ${sink} waits to be forgotten`))

  reload = async (): ReturnType<Control['reload']> => ({
    ok: this.reloadProblems.length === 0,
    changed: ['sinks.nats'],
    problems: this.reloadProblems,
  })

  health = (): Health => this.healthNow
}

export async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text)
}

/** Row r has source port `first + r`. */
export function someFlows(count: number, first = 1000): Batch {
  const ip = (last: number): number[] => [0, 0, 0xffff, 0x0a00_0000 + last]
  const rows = Array.from({ length: count }, (_, row) => row)
  const each = (value: (row: number) => number): number[] => rows.map(value)
  return {
    kind: 'flows',
    count,
    dictionary: ['', 'netflow5'],
    columns: {
      time_start: { kind: 'time', values: Float64Array.from(each(() => 1_700_000_000_000)) },
      time_end: { kind: 'time', values: Float64Array.from(each((row) => 1_700_000_001_000 + row)) },
      src_addr: { kind: 'ip', words: Uint32Array.from(rows.flatMap((row) => ip(row + 1))) },
      dst_addr: { kind: 'ip', words: Uint32Array.from(rows.flatMap(() => [0x2001_0db8, 0, 0, 1])) },
      src_port: { kind: 'u16', values: Uint16Array.from(each((row) => first + row)) },
      dst_port: { kind: 'u16', values: Uint16Array.from(each((row) => (row % 2 === 0 ? 443 : 53))) },
      bytes: {
        kind: 'u64',
        words: Uint32Array.from(rows.flatMap((row) => (row === 0 ? [0xffff_ffff, 0xffff_ffff] : [1500, 0]))),
      },
      packets: { kind: 'u64', words: Uint32Array.from(rows.flatMap(() => [3, 0])) },
      sampling: {
        kind: 'u32',
        values: Uint32Array.from(each(() => 100)),
        valid: Uint8Array.from({ length: Math.ceil(count / 8) }, () => 0b1111_1110),
      },
      protocol: { kind: 'dict', codes: Uint32Array.from(each(() => 1)) },
    },
  }
}

export function someEvents(...ids: readonly string[]): EventBatch {
  return toEventBatch(
    ids.map((id) => ({
      id,
      source: '/test',
      type: 'test.event',
      subject: 's',
      time: 1_700_000_000_000,
      encoding: 'json',
      data: Buffer.from('{"a":1}'),
    })),
  )
}
