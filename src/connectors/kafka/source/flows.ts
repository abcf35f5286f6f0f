import type { Message } from '@platformatic/kafka'
import { AgentFlowDecoder, type Received } from '../../../codecs/pbflow/decode.ts'
import { NetObservReader } from '../../../codecs/netobserv-json/index.ts'
import type { SourceContext } from '../../../engine/contracts.ts'
import { backoffMs } from '../../../host/backoff.ts'
import { FlowUnits, type NewUnit } from '../../../ingest/flow-units.ts'
import { defaultLimits } from '../../../ingest/write.ts'
import type { Accepted, Intake, MessageUnit } from '../../../messaging/message-loop.ts'
import { messageOf } from '../../../model/errors.ts'
import type { FlowBuilder } from '../../../model/flow-builder.ts'
import type { KafkaPuller, PendingRecord } from '../client/pull.ts'
import type { FlowCodec } from '../config.ts'
import type { Position, Positions } from '../map/positions.ts'

const skewLimit = 3_600_000
const sizeEvery = 256
const waits = { firstMs: 500, maxMs: 30_000, jitter: 0 }

interface Span {
  readonly topic: string
  readonly partition: number
  readonly position: Position
  readonly from: number
  to: number
}

export interface FlowUnit extends MessageUnit {
  readonly unit: NewUnit
  readonly spans: readonly Span[]
  readonly handles: readonly PendingRecord[]
}

interface Decoder {
  read(value: Uint8Array, received: Received): boolean
  finish(received: Received): void
}

/** A unit is appended after the one before is stored: otherwise a cursor could cover rows that were not. */
export class FlowIntake implements Intake<FlowUnit> {
  readonly address: string
  /** One is stored while the next is decoded. */
  readonly maxUnits = 2
  readonly blocked = false
  messages = 0
  rejected = 0
  readonly #context: SourceContext
  readonly #puller: KafkaPuller
  readonly #positions: Positions
  readonly #units: FlowUnits
  readonly #decoder: Decoder
  #spans = new Map<Position, Span>()
  #bytes = 0
  #appending: Promise<unknown> = Promise.resolve()
  #gaveUp = false

  constructor(codec: FlowCodec, context: SourceContext, puller: KafkaPuller, positions: Positions) {
    this.#context = context
    this.#puller = puller
    this.#positions = positions
    this.#units = new FlowUnits(context, defaultLimits.bytes)
    this.#decoder = decoderOf(codec, this.#units.flows, context)
    this.address = puller.address
  }

  async pull(until: AbortSignal): Promise<AsyncIterable<FlowUnit> | undefined> {
    const records = await this.#puller.pullRecords(until, defaultLimits.rows)
    return records.length === 0 ? undefined : this.#unitsOf(records)
  }

  append({ unit, spans }: FlowUnit, _: Promise<unknown>, signal: AbortSignal): Promise<Accepted | undefined> {
    const appended = this.#appending.then(() => this.#append(unit, signal))
    this.#appending = appended
    return appended.then((outcome) => {
      if (outcome === undefined) return undefined
      this.#units.recycle(unit)
      for (const { position, to } of spans) position.synced = Math.max(position.synced, to)
      return outcome
    })
  }

  ack({ handles }: FlowUnit): Promise<void> {
    return this.#puller.ack(handles)
  }

  release({ spans, handles }: FlowUnit, why: 'gone' | 'stopped'): Promise<void> {
    if (why === 'gone') {
      rewind(spans)
      this.#puller.forget(handles)
    }
    return this.#puller.release(handles)
  }

  disconnect(): Promise<void> {
    return this.#puller.close()
  }

  close(): Promise<void> {
    return this.#puller.close()
  }

  async *#unitsOf(records: readonly Message[]): AsyncGenerator<FlowUnit> {
    const received = { time: this.#context.host.clock.now(), skewLimit, sender: undefined }
    const [messages, rejected] = [this.messages, this.rejected]
    let complete = false
    try {
      for (const record of records) {
        if (!this.#begin(record)) continue
        if (this.#decode(record, received) && this.#isFull()) yield this.#cut(received)
      }
      this.#publishCounts(this.messages - messages, this.rejected - rejected)
      if (this.#spans.size > 0) yield this.#cut(received)
      complete = true
    } finally {
      if (!complete) await this.#abandon()
    }
  }

  #decode(record: Message, received: Received): boolean {
    const { value } = record as Partial<Message>
    this.#bytes += value?.length ?? 0
    if (value !== undefined && value.length > 0 && this.#decoder.read(value, received)) return true
    if (this.rejected++ === 0) this.#warn(record)
    return false
  }

  #isFull() {
    const { flows } = this.#units
    const { rows, bytes } = defaultLimits
    return flows.count >= rows || (flows.count % sizeEvery === 0 && flows.bytes >= bytes)
  }

  /** False: the record is in the journal already, or in a unit. */
  #begin({ topic, partition, offset: at }: Message): boolean {
    const position = this.#positions.of(topic, partition)
    const offset = Number(at)
    if (offset < position.read) return false
    const span = this.#spans.get(position)
    if (span === undefined)
      this.#spans.set(position, { topic, partition, position, from: position.read, to: offset + 1 })
    else span.to = offset + 1
    position.read = offset + 1
    this.messages++
    return true
  }

  #cut(received: Received): FlowUnit {
    this.#decoder.finish(received)
    const spans = [...this.#spans.values()]
    const unit = this.#units.cut(received.time, this.#positions.cursor())
    const handles = spans.map(({ topic, partition, to }) => this.#puller.track(topic, partition, BigInt(to) - 1n))
    const cut = { unit, spans, handles, bytes: this.#bytes }
    this.#spans = new Map()
    this.#bytes = 0
    return cut
  }

  /** The rest of a pull cannot be decoded: it is read again. */
  async #abandon() {
    rewind([...this.#spans.values()])
    this.#spans = new Map()
    this.#bytes = 0
    this.#units.flows.reset()
    await this.#puller.close()
  }

  async #append(unit: NewUnit, signal: AbortSignal): Promise<Accepted | undefined> {
    const { id, host, log } = this.#context
    for (let failed = 0; !this.#gaveUp; failed++) {
      try {
        return await this.#context.append(unit)
      } catch (error) {
        if (signal.aborted) break
        if (failed === 0)
          log.warn('The journal accepts no flows now; they stay in Kafka and are retried.', {
            source: id,
            error: messageOf(error),
          })
        await host.timers.sleep(backoffMs(waits, failed, 0), signal)
      }
    }
    // The cursor of a later unit would cover this one.
    this.#gaveUp = true
    return undefined
  }

  #warn({ topic, partition, offset }: Message) {
    this.#context.log.warn('A message is no flow of `codec`; it is skipped and counted, as are later ones.', {
      source: this.#context.id,
      place: `${topic}/${partition}/${offset}`,
    })
  }

  #publishCounts(messages: number, rejected: number) {
    const { id: source, metrics } = this.#context
    if (rejected > 0) {
      this.#context.shed('malformed', rejected)
      metrics.count('weir_bus_messages_total', rejected, { source, outcome: 'rejected' })
    }
    if (messages > rejected) metrics.count('weir_bus_messages_total', messages - rejected, { source, outcome: 'taken' })
  }
}

function rewind(spans: readonly Span[]) {
  for (const { position, from } of spans) {
    position.read = Math.min(position.read, from)
    position.synced = Math.min(position.synced, from)
  }
}

function decoderOf(codec: FlowCodec, flows: FlowBuilder, context: SourceContext): Decoder {
  if (codec === 'pbflow') {
    const decoder = new AgentFlowDecoder(flows)
    return {
      read: (value, received) => decoder.record(value, received),
      finish: (received) => {
        decoder.finish(0, received)
      },
    }
  }
  const reader = new NetObservReader(flows)
  return {
    read: (value, received) => reader.read(textOf(value), received),
    finish: () => {
      countOmitted(reader, context)
    },
  }
}

function textOf({ buffer, byteOffset, length }: Uint8Array) {
  return Buffer.from(buffer, byteOffset, length).toString()
}

function countOmitted({ wrong }: NetObservReader, { id, metrics }: SourceContext) {
  let omitted = 0
  for (const values of wrong.values()) omitted += values
  wrong.clear()
  if (omitted > 0) metrics.count('weir_kafka_omitted_values_total', omitted, { source: id })
}
