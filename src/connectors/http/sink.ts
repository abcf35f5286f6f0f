import { encodeStructured, type BinaryMessage } from '../../codecs/cloudevents/index.ts'
import { eventForms, type EventForms } from '../../codecs/event-forms/index.ts'
import { deliverInChunks } from '../../engine/in-chunks.ts'
import { deliverInOrder, type Attempt } from '../../engine/in-order.ts'
import type { Context, Preview, Sink, SinkBatch } from '../../engine/ports.ts'
import { sinkRows, type SinkRow } from '../../engine/rows.ts'
import type { Failure } from '../../model/outcome.ts'
import { Poster } from './client.ts'
import type { HttpConfig } from './config.ts'
import { toBatchMessage, toMessage } from './map.ts'

/** Bytes after which a batched request is full; a single larger event still goes, alone. */
const requestBytes = 1024 * 1024

export async function openHttp(config: HttpConfig, context: Context): Promise<Sink> {
  const [poster, forms] = await Promise.all([Poster.open(config, context), eventForms(config, context.metrics)])
  const send = config.mode === 'batched' ? sendBatched : sendSingly(config.mode)
  return {
    send: (batch, signal) => send({ config, context, poster, forms }, batch, signal),
    probe: (signal) => poster.probe(signal),
    preview: (batch) => previewOf(config, forms, batch),
    close: () => Promise.resolve(poster.close()),
  }
}

/** Each event as a message of its own, also where several would share a request. Our login is not part of it. */
function* previewOf({ url, mode, extensions }: HttpConfig, { flows, begin }: EventForms, batch: SinkBatch): Generator<Preview> {
  const sending = begin()
  for (const row of sinkRows(batch, flows)) {
    const message = attempting(() => toMessage(sending.event(row), mode === 'binary' ? 'binary' : 'structured', extensions))
    yield 'is' in message ? { problem: message.reason } : { to: url, ...message }
  }
}

interface Parts {
  readonly config: HttpConfig
  readonly context: Context
  readonly poster: Poster
  readonly forms: EventForms
}

type Send = (parts: Parts, batch: SinkBatch, signal: AbortSignal) => Promise<readonly Failure[]>

function sendSingly(mode: 'binary' | 'structured'): Send {
  return async ({ config, context, poster, forms }, batch, signal) => {
    const sending = forms.begin(batch.trace)
    const options = { window: config.concurrency, budgetMs: config.timeout, clock: context.host.clock, signal }
    return sending.settle(await deliverInOrder(sinkRows(batch, forms.flows), options, async (row) => {
      const message = attempting(() => toMessage(sending.event(row), mode, config.extensions))
      return 'is' in message ? message : poster.post(message, signal)
    }))
  }
}

const sendBatched: Send = async ({ config, context, poster, forms }, batch, signal) => {
  const sending = forms.begin(batch.trace)
  const limits = { rows: config.request_events, bytes: requestBytes }
  const options = { limits, budgetMs: config.timeout, clock: context.host.clock, signal }
  const encode = (row: SinkRow): Uint8Array | Attempt => {
    const message = attempting<BinaryMessage>(() => ({ headers: {}, body: encodeStructured(sending.event(row), config.extensions) }))
    return 'is' in message ? message : message.body
  }
  return sending.settle(await deliverInChunks(sinkRows(batch, forms.flows), options, encode, (events) => poster.post(toBatchMessage(events), signal)))
}

/** An event that can't be written down can't be next time either. */
function attempting<T extends object>(make: () => T): T | { is: 'reject'; reason: string } {
  try {
    return make()
  } catch (error) {
    return { is: 'reject', reason: `can't be written as a CloudEvent: ${error instanceof Error ? error.message : String(error)}` }
  }
}
