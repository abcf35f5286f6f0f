import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { Fenced, type BusRecord, type BusWriter, type Channel } from '../../journal/index.ts'
import type { Library } from './client-connect.ts'
import { fitting, pack, placeOf, tokenOf } from './map-journal.ts'

export interface JournalClient {
  readonly library: Library
  readonly connection: NatsConnection
  readonly stream: JetStreamClient
  readonly manager: JetStreamManager
}

export interface WriterOptions {
  readonly name: string
  /** Tells this claim of the name from every other. */
  readonly claim: string
  readonly timeout: number
  /** Stream, and what its subjects begin with. */
  place(channel: Channel): { readonly stream: string; readonly prefix: string }
  client(): Promise<JournalClient>
}

/** What one subject knows of itself. */
interface Subject {
  /** Sequence of its last message, which must still be the last when we write. */
  last: number
  /** Messages of ours in it. */
  written: number
  /** Nobody knows whether the last one that we sent is there. */
  unsure: boolean
}

/** A write that has to go on where it stopped. */
interface Begun {
  /** By key: records that are stored, and the place of the last. */
  readonly done: Map<string, number>
  place: number
}

const [writerHeader, numberHeader] = ['Weir-Writer', 'Weir-Number']
const wrongLastSequence = 10071
/** Of a message, beside what a header and a subject take. */
const headerRoom = 4096

/**
 * Writes to subjects of which it knows the last message: the server refuses whoever thinks that another one is the last. So a subject is
 * written by one at a time, one message after the other, and by nobody who has lost it to another. Records of one key that go together are one message.
 */
export class ExpectingWriter implements BusWriter {
  readonly #options: WriterOptions
  readonly #subjects = new Map<string, Subject>()
  readonly #begun = new Map<Channel, Begun>()

  constructor(options: WriterOptions) {
    this.#options = options
  }

  async fence(channel: Channel, key: string): Promise<number> {
    const client = await this.#options.client()
    const subject = this.#subject(channel, key)
    for (;;) {
      const message = await client.manager.streams.getMessage(this.#options.place(channel).stream, {
        last_by_subj: subject,
      })
      const known: Subject = { last: message?.seq ?? 0, written: 0, unsure: false }
      try {
        // Of the small records only the last of each key is kept: it is written again as it is.
        const sequence = await this.#publish(
          client,
          channel,
          subject,
          known,
          channel === 'records' ? (message?.data ?? new Uint8Array(0)) : new Uint8Array(0),
        )
        this.#subjects.set(subject, known)
        return placeOf(sequence)
      } catch (error) {
        // Somebody else wrote just now; it was before the mark then.
        if (!isWrongLast(error, client)) throw error
      }
    }
  }

  async write(channel: Channel, records: readonly Omit<BusRecord, 'place'>[]): Promise<number> {
    const begun = this.#begun.get(channel) ?? { done: new Map(), place: 0 }
    this.#begun.set(channel, begun)
    const client = await this.#options.client()
    const lines = Map.groupBy(records, ({ key }) => key)
    const settled = await Promise.allSettled(
      Array.from(lines, ([key, line]) =>
        this.#writeLine(
          client,
          channel,
          key,
          line.map(({ value }) => value),
          begun,
        ),
      ),
    )
    const failed = settled.find((one) => one.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    this.#begun.delete(channel)
    return begun.place
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  async #writeLine(
    client: JournalClient,
    channel: Channel,
    key: string,
    values: readonly Uint8Array[],
    begun: Begun,
  ): Promise<void> {
    const subject = this.#subject(channel, key)
    if (!this.#subjects.has(subject)) await this.fence(channel, key)
    const known = this.#subjects.get(subject) as Subject
    const mostBytes = (client.connection.info?.max_payload ?? 1024 * 1024) - headerRoom
    for (let at = begun.done.get(key) ?? 0; at < values.length; at = begun.done.get(key) ?? 0) {
      // Only the newest of a small record matters.
      const from = channel === 'records' ? values.length - 1 : at
      const some = values.slice(from, from + fitting(values.slice(from), mostBytes))
      const sequence = await this.#once(client, channel, subject, known, pack(some))
      begun.place = Math.max(begun.place, placeOf(sequence))
      begun.done.set(key, from + some.length)
    }
  }

  /** Stores it once, also when an answer was lost before. */
  async #once(
    client: JournalClient,
    channel: Channel,
    subject: string,
    known: Subject,
    data: Uint8Array,
  ): Promise<number> {
    if (known.unsure && (await this.#isThere(client, channel, subject, known))) return known.last
    try {
      return await this.#publish(client, channel, subject, known, data)
    } catch (error) {
      if (!isWrongLast(error, client)) {
        known.unsure = true
        throw error
      }
      // The library, or the network, may have sent it twice: then the last one is ours all the same.
      if (await this.#isThere(client, channel, subject, known)) return known.last
      throw new Fenced(`another one writes as ${this.#options.name}`, { cause: error })
    }
  }

  /** Is the message that we sent last, and had no answer to, the last of the subject? */
  async #isThere({ manager }: JournalClient, channel: Channel, subject: string, known: Subject): Promise<boolean> {
    const message = await manager.streams.getMessage(this.#options.place(channel).stream, { last_by_subj: subject })
    if (
      message?.header.get(writerHeader) !== this.#options.claim ||
      Number(message.header.get(numberHeader)) !== known.written + 1
    )
      return false
    Object.assign(known, { last: message.seq, written: known.written + 1, unsure: false })
    return true
  }

  async #publish(
    { library, stream }: JournalClient,
    channel: Channel,
    subject: string,
    known: Subject,
    data: Uint8Array,
  ): Promise<number> {
    const headers = library.headers()
    headers.set(writerHeader, this.#options.claim)
    headers.set(numberHeader, String(known.written + 1))
    const { seq } = await stream.publish(subject, data, {
      headers,
      timeout: this.#options.timeout,
      retries: 0,
      expect: { streamName: this.#options.place(channel).stream, lastSubjectSequence: known.last },
    })
    Object.assign(known, { last: seq, written: known.written + 1, unsure: false })
    return seq
  }

  #subject(channel: Channel, key: string): string {
    return `${this.#options.place(channel).prefix}.${tokenOf(key)}`
  }
}

function isWrongLast(error: unknown, { library }: JournalClient): boolean {
  return error instanceof library.JetStreamApiError && error.code === wrongLastSequence
}
