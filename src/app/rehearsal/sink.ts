import type { Host } from '../../host/index.ts'
import type { Context, Preview, Sink, SinkBatch } from '../../engine/contracts.ts'
import type { SinkEntry } from '../../engine/delivery/sinks.ts'
import { encodeStructured } from '../../codecs/cloudevents/index.ts'
import { flowForm } from '../../codecs/flow-forms/index.ts'
import { sinkRows } from '../../engine/delivery/rows.ts'
import { storeSink } from '../../engine/ledger/ledger.ts'
import type { BatchKind } from '../../model/batches.ts'
import { messageOf } from '../../model/errors.ts'
import { loadSink } from '../../components/registry.ts'
import { keyAt, piecesOf, type RowKey, type RowStream } from './row-keys.ts'

/** What a sink makes of a row. */
export type SentRow = Readonly<{
  key: RowKey
  source: string
  preview: Preview
}>

export type SinkContext = Pick<Context, 'log' | 'metrics'> & Readonly<{ host: Host }>

/** A sink that encodes rows and sends nothing. */
export class RehearsedSink {
  readonly id: string
  readonly type: string
  readonly accepts: readonly BatchKind[]
  /** False: messages are CloudEvents in JSON, because the sink has no preview. */
  readonly isEncoded: boolean
  readonly #preview: (batch: SinkBatch) => Iterable<Preview>
  readonly #close: () => Promise<void>

  private constructor({ id, type }: Pick<SinkEntry, 'id' | 'type'>, accepts: readonly BatchKind[], sink?: Sink) {
    this.id = id
    this.type = type
    this.accepts = accepts
    this.isEncoded = sink?.preview !== undefined
    this.#preview = sink?.preview === undefined ? asEvents : (batch) => sink.preview?.(batch) ?? []
    this.#close = () => sink?.close() ?? Promise.resolve()
  }

  static async open(entry: SinkEntry, context: SinkContext): Promise<RehearsedSink> {
    const definition = await loadSink(entry.type)
    const sink = await definition.build(entry.settings, { ...context, id: entry.id })
    return new RehearsedSink(entry, definition.accepts, sink)
  }

  /** The store on files, which is no sink of the configuration. */
  static store(): RehearsedSink {
    return new RehearsedSink({ id: storeSink, type: 'parquet' }, ['events', 'flows'])
  }

  send(stream: RowStream, rows: Uint32Array): SentRow[] {
    const pieces = piecesOf(stream, rows)
    const batch: SinkBatch = { token: 'rehearsal', count: rows.length, pieces, retried: false }
    const { source } = stream.header
    const next = previewsOf(() => this.#preview(batch))
    return [...rows].map((row) => ({ key: keyAt(stream.keys, row), source, preview: next() }))
  }

  /** Errors of clients that never connected are of no interest. */
  async close(): Promise<void> {
    await this.#close().catch(() => undefined)
  }
}

/** An encoder that throws fails for the rest of its batch only. */
function previewsOf(preview: () => Iterable<Preview>): () => Preview {
  let previews: Iterator<Preview> | undefined
  let problem = 'the sink makes no message of it'
  return () => {
    try {
      previews ??= preview()[Symbol.iterator]()
      const { value, done } = previews.next()
      return done === true ? { problem } : value
    } catch (error) {
      problem = `the sink cannot encode it: ${messageOf(error)}`
      previews = [][Symbol.iterator]()
      return { problem }
    }
  }
}

const form = flowForm({ codec: 'json', tcp_flags: 'number' })

function* asEvents(batch: SinkBatch): Generator<Preview> {
  for (const { event } of sinkRows(batch, form)) {
    try {
      yield { body: encodeStructured(event) }
    } catch (error) {
      yield { problem: messageOf(error) }
    }
  }
}
