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
import { EventRows } from '../model/event-rows.ts'
import type { WholeMessage } from './part-reassembler.ts'

export type Unit<Handle> = Readonly<{
  rows: EventRows
  handles: readonly Handle[]
  bytes: number
}>

/** Maximum bytes of a message: an event may have 16 MiB in total. */
export const maxBytes = 15 << 20
/** Larger frames are split. */
const [unitBytes, unitMessages] = [384 * 1024, 4096]
const eventOverhead = 400

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
    let [rows, handles, bytes]: [EventRows, Handle[], number] = [
      new EventRows(Math.min(messages.length, unitMessages), unitBytes >> 3),
      [],
      0,
    ]
    for (const { message, handles: its, reason } of messages) {
      if (handles.length > 0 && (bytes + message.body.length > unitBytes || handles.length >= unitMessages)) {
        this.#publishCounts()
        yield { rows, handles, bytes }
        ;[rows, handles, bytes] = [new EventRows(Math.min(messages.length, unitMessages), unitBytes >> 3), [], 0]
      }
      const read = this.#read(message, source, reason, reader, rows)
      for (const handle of its) handles.push(handle)
      bytes += message.body.length + eventOverhead * read
    }
    if (handles.length === 0) return
    this.#publishCounts()
    yield { rows, handles, bytes }
  }

  #read(message: InMessage, source: string, invalid: string | undefined, reader: RowReader, rows: EventRows): number {
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
