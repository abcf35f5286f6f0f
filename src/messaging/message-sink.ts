import { messageWriter, type BusMessage, type MessageMode, type MessageWriter } from '../codecs/bus-message/index.ts'
import { eventForms, type EventFormChoice, type Sending } from '../codecs/event-forms/index.ts'
import { behindKey, deliverInOrder, thrown, type Attempt } from '../engine/delivery/in-order.ts'
import type {
  Context,
  ListenOptions,
  Listening,
  Preview,
  Probe,
  Sink,
  SinkBatch,
  SinkPiece,
} from '../engine/contracts.ts'
import { sinkRows, type FlowForm, type SinkRow } from '../engine/delivery/rows.ts'
import type { Failure } from '../model/outcome.ts'
import { failureOf, sendFlowsApart } from './flow-columns.ts'
import { isTooLarge, Oversize, type OversizeConfig } from './oversize.ts'
import { PackDelivery } from './pack-delivery.ts'
import type { PackConfig } from './packed-flows.ts'
import { messageOf } from '../model/errors.ts'

export interface MessageSinkConfig extends EventFormChoice, OversizeConfig {
  readonly mode: MessageMode
  readonly concurrency: number
  readonly timeout: number
  /** Packing of flows; default: one message for each flow. */
  readonly pack_flows?: PackConfig | null
}

export interface OutMessage extends BusMessage {
  readonly row: SinkRow
  readonly index: number
}

interface Client<Written> {
  ready(signal: AbortSignal): Promise<string | undefined>
  /** Encodes a message. Pure. Throws the reason if the bus cannot represent the message. */
  write(message: OutMessage): Written
  show(written: Written): Preview
  probe(signal: AbortSignal): Promise<Probe>
  listen?(
    signal: AbortSignal,
    request: Readonly<{ message: OutMessage; mayCreate: boolean }>,
  ): Promise<Listening | string>
  close(): Promise<void>
}

export interface EachClient<Written> extends Client<Written> {
  /** Resolves within the timeout, at once after an abort. An oversized message yields `tooLarge`. */
  publish(message: Written, signal: AbortSignal): Promise<Attempt>
}

/** Publishes many messages and keeps the order of each key: after a failure no later message of the key was stored. */
interface ManyClient<Written> extends Client<Written> {
  /** Messages without a key are published in slices of this size. Default: whole batches. */
  readonly slice?: number
  /** Publishes messages in order, with one attempt per message. */
  publishAll(messages: readonly Written[], signal: AbortSignal): Promise<readonly Attempt[]>
  /** Publishes flows from their columns; one attempt per row, in order. Default: as messages. */
  readonly publishFlows?: (
    pieces: readonly SinkPiece[],
    form: FlowForm,
    signal: AbortSignal,
  ) => Promise<readonly Attempt[]>
}

export function eachMessageSink<Written>(
  config: MessageSinkConfig,
  context: Context,
  client: EachClient<Written>,
): Promise<Sink> {
  const publishOne = (message: OutMessage, signal: AbortSignal): Promise<Attempt> => {
    let encodedMessage: Written
    try {
      encodedMessage = client.write(message)
    } catch (error) {
      return Promise.resolve({ is: 'reject', reason: encodingFailure(error) } satisfies Attempt)
    }
    return client.publish(encodedMessage, signal)
  }
  const deliver: Deliver = (rows, outgoing, signal) => {
    const publish = async (messages: readonly OutMessage[]) => {
      let outcome: Attempt
      for (const message of messages) if ((outcome = await publishOne(message, signal)) !== undefined) break
      return outcome
    }
    const options = { window: config.concurrency, budgetMs: config.timeout, clock: context.host.clock, signal }
    return deliverInOrder(rows, options, async (row) => {
      const message = outgoing.message(row)
      if ('is' in message) return message
      const outcome = await publishOne(message, signal)
      return isTooLarge(outcome) ? outgoing.publishLarge(message, outcome, publish, signal) : outcome
    })
  }
  return messageSink(config, context, { client, deliver, publishOne })
}

export function manyMessagesSink<Written>(
  config: MessageSinkConfig,
  context: Context,
  client: ManyClient<Written>,
): Promise<Sink> {
  const deliver: Deliver = async (rows, outgoing, signal) => {
    const publish = async (outMessages: readonly OutMessage[]): Promise<Attempt> => {
      const outcomes = await publishWritten(client, outMessages, signal)
      // A rejection takes precedence over messages held back by it.
      return outcomes.find((outcome) => outcome?.is === 'reject') ?? outcomes.find((outcome) => outcome !== undefined)
    }
    const failures: Failure[] = []
    const attemptsOf = (messages: readonly OutMessage[]): Promise<readonly Attempt[]> =>
      publishWritten(client, messages, signal).catch((error: unknown) => messages.map(() => thrown(error)))
    const publishSome = async (messages: readonly OutMessage[]) => {
      const attempts = await attemptsOf(messages)
      for (const [at, message] of messages.entries()) {
        let attempt = attempts[at]
        if (isTooLarge(attempt)) attempt = await outgoing.publishLarge(message, attempt, publish, signal)
        if (attempt !== undefined) failures.push(failureOf(message.index, attempt))
      }
    }
    const underWay: Promise<void>[] = []
    const [keyed, free]: [OutMessage[], OutMessage[]] = [[], []]
    const refusedKeys = new Set<string>()
    for (const row of rows) {
      const message = row.key !== undefined && refusedKeys.has(row.key) ? retryBehind(row.key) : outgoing.message(row)
      if (!('is' in message)) {
        if (message.key !== undefined || client.slice === undefined) keyed.push(message)
        else if (free.push(message) === client.slice) {
          underWay.push(publishSome(free.splice(0)))
          await context.host.timers.yield()
        }
        continue
      }
      if (row.key !== undefined) refusedKeys.add(row.key)
      failures.push({ index: row.index, ...message })
    }
    for (const unpublished of [free, keyed]) if (unpublished.length > 0) underWay.push(publishSome(unpublished))
    await Promise.all(underWay)
    return failures.sort((a, b) => a.index - b.index)
  }
  const publishOne = async (message: OutMessage, signal: AbortSignal) =>
    (await publishWritten(client, [message], signal))[0]
  return messageSink(config, context, { client, deliver, publishOne, publishFlows: client.publishFlows })
}

/** After a message that cannot be encoded, later messages of its key wait. */
async function publishWritten<Written>(
  client: ManyClient<Written>,
  messages: readonly OutMessage[],
  signal: AbortSignal,
): Promise<readonly Attempt[]> {
  const attempts = Array.from({ length: messages.length }, (): Attempt => undefined)
  const [written, positions]: [Written[], number[]] = [[], []]
  const refusedKeys = new Set<string>()
  for (const [at, message] of messages.entries()) {
    const { key } = message
    if (key !== undefined && refusedKeys.has(key)) {
      attempts[at] = retryBehind(key)
      continue
    }
    try {
      written.push(client.write(message))
      positions.push(at)
    } catch (error) {
      if (key !== undefined) refusedKeys.add(key)
      attempts[at] = { is: 'reject', reason: encodingFailure(error) }
    }
  }
  for (const [index, attempt] of (await client.publishAll(written, signal)).entries())
    attempts[positions[index] ?? 0] = attempt
  return attempts
}

type Deliver = (rows: Iterable<SinkRow>, outgoing: Outgoing, signal: AbortSignal) => Promise<readonly Failure[]>

type Parts<Written> = Readonly<{
  client: Client<Written>
  deliver: Deliver
  publishOne: (message: OutMessage, signal: AbortSignal) => Promise<Attempt>
  publishFlows?: ManyClient<Written>['publishFlows']
}>

async function messageSink<Written>(
  config: MessageSinkConfig,
  context: Context,
  { client, deliver, publishOne, publishFlows }: Parts<Written>,
): Promise<Sink> {
  const forms = await eventForms(config, context.metrics)
  const packs = await packsOf(config, context, forms.flows, publishOne)
  const write = await messageWriter(config.mode)
  const oversize = await Oversize.open(config, context)
  const begin = (batch: SinkBatch) => new Outgoing(write, forms.begin(batch.trace), oversize)
  return {
    async send(batch, signal) {
      const problem = await client.ready(signal)
      if (problem !== undefined) return allRetried(batch, problem)
      const send = (part: SinkBatch) => {
        const outgoing = begin(part)
        return deliver(sinkRows(part, forms.flows), outgoing, signal).then((failures) =>
          outgoing.sending.settle(failures),
        )
      }
      if (packs !== undefined) return sendFlowsApart(batch, (pieces) => packs.publish(pieces, signal), send)
      if (publishFlows === undefined) return send(batch)
      return sendFlowsApart(batch, (pieces) => publishFlows(pieces, forms.flows, signal), send)
    },
    ...(client.listen === undefined
      ? {}
      : {
          async listen(signal: AbortSignal, { batch, mayCreate }: ListenOptions) {
            const outgoing = begin(batch)
            const [message] = [...sinkRows(batch, forms.flows)].map((row) => outgoing.message(row))
            if (message === undefined || 'is' in message) return message?.reason ?? 'the batch has no message'
            return client.listen?.(signal, { message, mayCreate }) ?? 'this sink cannot be read back'
          },
        }),
    *preview(batch) {
      const outgoing = begin(batch)
      for (const piece of batch.pieces) {
        const messages =
          packs !== undefined && piece.batch.kind === 'flows'
            ? packs.previews(piece)
            : sinkRows({ ...batch, count: piece.rows.length, pieces: [piece] }, forms.flows)
        for (const row of messages) {
          const message = 'body' in row ? row : outgoing.message(row)
          yield 'is' in message ? { problem: message.reason } : previewOf(client, message)
        }
      }
    },
    probe: (signal) => client.probe(signal),
    close() {
      oversize.close()
      return client.close()
    },
  }
}

function packsOf(
  { pack_flows: config = null, concurrency, timeout }: MessageSinkConfig,
  { host: { clock } }: Context,
  flows: FlowForm,
  publish: Parts<unknown>['publishOne'],
): Promise<PackDelivery> | undefined {
  return config === null ? undefined : PackDelivery.open({ config, flows, concurrency, timeout, clock, publish })
}

type Refused = Extract<Attempt, { readonly is: string }>

class Outgoing {
  readonly sending: Sending
  readonly #write: MessageWriter
  readonly #oversize: Oversize

  constructor(write: MessageWriter, sending: Sending, oversize: Oversize) {
    this.#write = write
    this.sending = sending
    this.#oversize = oversize
  }

  message(row: SinkRow): OutMessage | Refused {
    try {
      return this.#build(row, this.sending.event(row))
    } catch (error) {
      return { is: 'reject', reason: encodingFailure(error) }
    }
  }

  publishLarge(
    message: OutMessage,
    refusal: Refused & { readonly is: 'reject' },
    publish: (messages: readonly OutMessage[]) => Promise<Attempt>,
    signal: AbortSignal,
  ): Promise<Attempt> {
    const reduced = (): OutMessage | undefined => {
      const event = this.sending.reduced(message.row)
      return event === undefined ? undefined : this.#build(message.row, event)
    }
    return this.#oversize.publish({ message, refusal, reduced, publish }, signal)
  }

  #build(row: SinkRow, form: SinkRow['event']): OutMessage {
    return { ...this.#write(row, form), row, index: row.index }
  }
}

function encodingFailure(error: unknown) {
  return `the message cannot be encoded: ${messageOf(error)}`
}

function previewOf<Written>(client: Client<Written>, message: OutMessage): Preview {
  try {
    return client.show(client.write(message))
  } catch (error) {
    return { problem: encodingFailure(error) }
  }
}

function retryBehind(key: string): Refused {
  return { is: 'retry', reason: behindKey(key) }
}

function allRetried(batch: SinkBatch, reason: string): Failure[] {
  return Array.from({ length: batch.count }, (_, index) => ({ index, is: 'retry', reason }))
}
