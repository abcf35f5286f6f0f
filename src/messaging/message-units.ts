import {
  messageReader,
  rejectedMessage,
  type InMessage,
  type MessageReader,
  type ReadChoice,
} from '../codecs/bus-message/read.ts'
import type { SourceContext } from '../engine/contracts.ts'
import { messageOf } from '../model/errors.ts'
import type { WeirEvent } from '../model/events.ts'
import type { WholeMessage } from './part-reassembler.ts'

export type Unit<Handle> = Readonly<{
  events: readonly WeirEvent[]
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
  #reader: MessageReader | undefined
  #uncounted = { taken: 0, empty: 0, rejected: 0 }

  constructor(config: ReadChoice, context: SourceContext, reader: MessageReader | undefined) {
    this.#config = config
    this.#context = context
    this.#reader = reader
  }

  async *of<Handle>(messages: readonly WholeMessage<Handle>[]): AsyncGenerator<Unit<Handle>> {
    const reader = (this.#reader ??= await messageReader(this.#config))
    let [events, handles, bytes]: [WeirEvent[], Handle[], number] = [[], [], 0]
    for (const { message, handles: its, reason } of messages) {
      if (handles.length > 0 && (bytes + message.body.length > unitBytes || handles.length >= unitMessages)) {
        this.#publishCounts()
        yield { events, handles, bytes }
        ;[events, handles, bytes] = [[], [], 0]
      }
      const read = this.#read(message, reason, reader)
      for (const event of read) events.push(event)
      for (const handle of its) handles.push(handle)
      bytes += message.body.length + eventOverhead * read.length
    }
    if (handles.length === 0) return
    this.#publishCounts()
    yield { events, handles, bytes }
  }

  #read(message: InMessage, invalid: string | undefined, reader: MessageReader): readonly WeirEvent[] {
    const { id, log, host } = this.#context
    const source = `/weir/${id}`
    const { body, place } = message
    this.messages++
    this.last = this.#context.host.clock.now()
    try {
      if (invalid !== undefined) throw new Error(invalid)
      if (body.length > maxBytes)
        throw new Error(
          `the message has ${body.length} bytes, and the limit is ${maxBytes}: only its beginning is stored`,
        )
      const events = reader(message, source, host.clock.now())
      this.#uncounted[events.length === 0 ? 'empty' : 'taken']++
      return events
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
      return [rejectedMessage(shown, reason, source)]
    }
  }

  #publishCounts() {
    for (const [outcome, count] of Object.entries(this.#uncounted))
      if (count > 0)
        this.#context.metrics.count('weir_bus_messages_total', count, { source: this.#context.id, outcome })
    this.#uncounted = { taken: 0, empty: 0, rejected: 0 }
  }
}
