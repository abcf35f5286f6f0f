import type { BinaryMessage } from '../../codecs/cloudevents/index.ts'
import { eventForms, type EventForms } from '../../codecs/event-forms/index.ts'
import { deliverInChunks } from '../../engine/delivery/in-chunks.ts'
import { deliverInOrder, type Attempt } from '../../engine/delivery/in-order.ts'
import type { Context, Preview, SinkBatch } from '../../engine/contracts.ts'
import { sinkRows, type SinkRow } from '../../engine/delivery/rows.ts'
import type { Failure } from '../../model/outcome.ts'
import { messageOf } from '../../model/errors.ts'
import { defineSink } from '../../engine/define.ts'
import { Poster } from './client.ts'
import type { HttpConfig, httpSchema } from './config.ts'
import { formOf, type Form } from './map.ts'
import { isRefresh } from './map-template.ts'

export const sink = defineSink<typeof httpSchema>('http', {
  accepts: ['events', 'flows'],
  idempotency: 'id',
  async build(config, context) {
    const [poster, forms, form] = await Promise.all([
      Poster.open(config, context),
      eventForms(config, context.metrics),
      formOf(config),
    ])
    const parts: Parts = { config, context, poster, forms }
    const { batched } = form
    return {
      send: (batch, signal) =>
        batched === undefined ? sendSingly(parts, form, batch, signal) : sendBatched(parts, batched, batch, signal),
      probe: (signal) => poster.probe(signal),
      preview: (batch) => previewOf(config.url, form, forms, batch),
      close: () => Promise.resolve(poster.close()),
    }
  },
})

/** A larger event is sent alone. */
const requestBytes = 1024 * 1024

function* previewOf(url: string, form: Form, { flows, begin }: EventForms, batch: SinkBatch): Generator<Preview> {
  const sending = begin()
  for (const row of sinkRows(batch, flows)) {
    const message = attempting(() => form.single(sending.event(row)))
    yield 'is' in message ? { problem: message.reason } : { to: url, ...message }
  }
}

type Parts = Readonly<{
  config: HttpConfig
  context: Context
  poster: Poster
  forms: EventForms
}>

const nothing: BinaryMessage = { headers: {}, body: new Uint8Array() }

async function sendSingly(
  { config, context, poster, forms }: Parts,
  form: Form,
  batch: SinkBatch,
  signal: AbortSignal,
): Promise<readonly Failure[]> {
  const sending = forms.begin(batch.trace)
  const options = { window: config.concurrency, budgetMs: config.timeout, clock: context.host.clock, signal }
  const isChat = config.template === 'slack' || config.template === 'teams'
  const skipped: number[] = []
  const failures = sending.settle(
    await deliverInOrder(sinkRows(batch, forms.flows), options, async (row) => {
      const message = attempting(() => {
        const event = sending.event(row)
        return isChat && isRefresh(event) ? nothing : form.single(event)
      })
      if (message === nothing) return void skipped.push(row.index)
      return 'is' in message ? message : poster.post(message, signal)
    }),
  )
  const [index] = skipped
  if (index === undefined) return failures
  const rows = Uint32Array.from(skipped).sort()
  return [...failures, { index: rows[0] ?? index, is: 'filter', reason: 'refresh', rows }]
}

async function sendBatched(
  { config, context, poster, forms }: Parts,
  { one, many }: NonNullable<Form['batched']>,
  batch: SinkBatch,
  signal: AbortSignal,
): Promise<readonly Failure[]> {
  const sending = forms.begin(batch.trace)
  const limits = { rows: config.request_events, bytes: requestBytes }
  const options = { limits, budgetMs: config.timeout, clock: context.host.clock, signal }
  const encode = (row: SinkRow): Uint8Array | Exclude<Attempt, undefined> => attempting(() => one(sending.event(row)))
  return sending.settle(
    await deliverInChunks(sinkRows(batch, forms.flows), options, encode, (events) => poster.post(many(events), signal)),
  )
}

function attempting<T extends object>(make: () => T): T | { is: 'reject'; reason: string } {
  try {
    return make()
  } catch (error) {
    return { is: 'reject', reason: `can't be written as a CloudEvent: ${messageOf(error)}` }
  }
}
