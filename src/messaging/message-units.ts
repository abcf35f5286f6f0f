import {
  rejectedMessage,
  rowReader,
  type InMessage,
  type MessageReader,
  type ReadChoice,
  type RowReader,
} from '../codecs/bus-message/read.ts'
import type { SourceContext } from '../engine/contracts.ts'
import { messageOf } from '../model/errors.ts'
import { awaitedLimit, awaitMemory } from '../host/await-memory.ts'
import type { MemoryLease } from '../host/index.ts'
import { EventRows } from '../model/event-rows.ts'
import { jsonMemory } from '../model/json-memory.ts'
import type { WholeMessage } from './part-reassembler.ts'

export type Unit<Handle> = Readonly<{
  rows: EventRows
  handles: readonly Handle[]
  bytes: number
  /** Memory of a large message, until its rows are in the journal. */
  lease: MemoryLease | undefined
}>

/** Maximum bytes of a message: an event may have 16 MiB in total. */
export const maxBytes = 15 << 20
/** Larger frames are split. */
const [unitBytes, unitMessages] = [384 * 1024, 4096]
const eventOverhead = 400
/** Smaller messages are decoded without a look at their memory. */
const smallBytes = 64 * 1024

export class MessageUnits {
  messages = 0
  /** Time of the last message, Unix ms. */
  last: number | undefined
  rejected = 0
  readonly #config: ReadChoice
  readonly #context: SourceContext
  readonly #given: MessageReader | undefined
  #reader: RowReader | undefined
  #uncounted = { taken: 0, empty: 0, rejected: 0 }

  constructor(config: ReadChoice, context: SourceContext, reader: MessageReader | undefined) {
    this.#config = config
    this.#context = context
    this.#given = reader
  }

  async *of<Handle>(messages: readonly WholeMessage<Handle>[]): AsyncGenerator<Unit<Handle>> {
    const reader = (this.#reader ??= await rowReader(this.#config, this.#given))
    const source = `/weir/${this.#context.id}`
    const empty = () => new EventRows(Math.min(messages.length, unitMessages), unitBytes >> 3)
    let [rows, handles, bytes]: [EventRows, Handle[], number] = [empty(), [], 0]
    let lease: MemoryLease | undefined
    for (const { message, handles: its, reason } of messages) {
      const { memory, limit } = this.#needOf(message)
      const isFull = bytes + message.body.length > unitBytes || handles.length >= unitMessages
      // The memory of a second large message may be free only when the journal has the first one.
      if ((handles.length > 0 && isFull) || (lease !== undefined && memory > 0)) {
        this.#publishCounts()
        yield { rows, handles, bytes, lease }
        ;[rows, handles, bytes, lease] = [empty(), [], 0, undefined]
      }
      if (memory > 0) lease = await awaitMemory(this.#context.host, memory)
      const read = this.#read(message, { source, invalid: reason ?? excess(memory, limit), reader, rows })
      for (const handle of its) handles.push(handle)
      bytes += message.body.length + eventOverhead * read
    }
    if (handles.length === 0 && lease === undefined) return
    this.#publishCounts()
    yield { rows, handles, bytes, lease }
  }

  /** `memory`: bytes that decoding makes; 0: few. A message that needs more than `limit` is stored as its bytes. */
  #needOf({ body }: InMessage): Readonly<{ memory: number; limit: number }> {
    const { memory: budget } = this.#context.host
    if (body.length <= smallBytes || body.length > maxBytes) return { memory: 0, limit: budget.capacity }
    const { codec, parse } = this.#config
    const isParsed = this.#given !== undefined || parse !== null || codec === 'kollect'
    return isParsed && (body[0] === 0x7b || body[0] === 0x5b)
      ? { memory: jsonMemory(body), limit: awaitedLimit(budget) }
      : { memory: 3 * body.length, limit: budget.capacity }
  }

  #read(
    message: InMessage,
    {
      source,
      invalid,
      reader,
      rows,
    }: Readonly<{ source: string; invalid: string | undefined; reader: RowReader; rows: EventRows }>,
  ): number {
    const { id, log, host } = this.#context
    const { body, place } = message
    const received = host.clock.now()
    this.messages++
    this.last = received
    try {
      if (invalid !== undefined) throw new Error(invalid)
      if (body.length > maxBytes)
        throw new Error(
          `the message has ${body.length} bytes, and the limit is ${maxBytes}: only its beginning is stored`,
        )
      const read = reader(message, source, received, rows)
      this.#uncounted[read === 0 ? 'empty' : 'taken']++
      return read
    } catch (error) {
      this.rejected++
      this.#uncounted.rejected++
      const reason = messageOf(error)
      log.warn('A message is unreadable; it is stored as an event with its bytes and the reason.', {
        source: id,
        place,
        reason,
      })
      const shown = body.length > maxBytes ? { ...message, body: body.subarray(0, unitBytes) } : message
      rows.add(rejectedMessage(shown, reason, source))
      return 1
    }
  }

  #publishCounts() {
    for (const [outcome, count] of Object.entries(this.#uncounted))
      if (count > 0)
        this.#context.metrics.count('weir_bus_messages_total', count, { source: this.#context.id, outcome })
    this.#uncounted = { taken: 0, empty: 0, rejected: 0 }
  }
}

function excess(memory: number, limit: number): string | undefined {
  if (memory <= limit) return undefined
  return `decoding needs ${memory >> 20} MiB of memory, and \`decoding.memory\` allows ${limit >> 20} MiB for a message`
}
