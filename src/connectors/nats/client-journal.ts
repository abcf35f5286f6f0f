import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { Fenced, type BusRecord, type BusWriter, type Channel } from '../../journal/index.ts'
import type { Library } from './client-connect.ts'
import { fittingCount, pack, positionOf, tokenOf } from './map-journal.ts'

export type JournalClient = Readonly<{
  library: Library
  connection: NatsConnection
  stream: JetStreamClient
  manager: JetStreamManager
}>

type WriterOptions = Readonly<{
  name: string
  claim: string
  timeout: number
  target(channel: Channel): Readonly<{ stream: string; prefix: string }>
  client(): Promise<JournalClient>
}>

interface Subject {
  last: number
  written: number
  unconfirmed: boolean
}

interface PartialWrite {
  readonly done: Map<string, number>
  place: number
}

const [writerHeader, numberHeader] = ['Weir-Writer', 'Weir-Number']
const wrongLastSequence = 10071
const headerBytes = 4096

/**
 * With an expected last sequence the server rejects a fenced writer. Records of one key in one call are one message.
 */
export class ExpectingWriter implements BusWriter {
  readonly #options: WriterOptions
  readonly #subjects = new Map<string, Subject>()
  readonly #partial = new Map<Channel, PartialWrite>()

  constructor(options: WriterOptions) {
    this.#options = options
  }

  async fence(channel: Channel, key: string): Promise<number> {
    const client = await this.#options.client()
    const subject = this.#subject(channel, key)
    for (;;) {
      const message = await client.manager.streams.getMessage(this.#options.target(channel).stream, {
        last_by_subj: subject,
      })
      const knownSubject: Subject = { last: message?.seq ?? 0, written: 0, unconfirmed: false }
      try {
        const sequence = await this.#publish(
          client,
          channel,
          subject,
          knownSubject,
          channel === 'records' ? (message?.data ?? new Uint8Array(0)) : new Uint8Array(0),
        )
        this.#subjects.set(subject, knownSubject)
        return positionOf(sequence)
      } catch (error) {
        if (!isWrongLast(error, client)) throw error
      }
    }
  }

  async write(channel: Channel, records: readonly Omit<BusRecord, 'position'>[]): Promise<number> {
    const partial = this.#partial.get(channel) ?? { done: new Map(), place: 0 }
    this.#partial.set(channel, partial)
    const client = await this.#options.client()
    const lines = Map.groupBy(records, ({ key }) => key)
    const settled = await Promise.allSettled(
      Array.from(lines, ([key, line]) =>
        this.#writeLine(
          client,
          channel,
          key,
          line.map(({ value }) => value),
          partial,
        ),
      ),
    )
    const failed = settled.find((promiseSettledResult) => promiseSettledResult.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    this.#partial.delete(channel)
    return partial.place
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  async #writeLine(
    client: JournalClient,
    channel: Channel,
    key: string,
    values: readonly Uint8Array[],
    partial: PartialWrite,
  ) {
    const subject = this.#subject(channel, key)
    if (!this.#subjects.has(subject)) await this.fence(channel, key)
    const existing = this.#subjects.get(subject)!
    const maxBytes = (client.connection.info?.max_payload ?? 1024 * 1024) - headerBytes
    for (let at = partial.done.get(key) ?? 0; at < values.length; at = partial.done.get(key) ?? 0) {
      const from = channel === 'records' ? values.length - 1 : at
      const chunk = values.slice(from, from + fittingCount(values.slice(from), maxBytes))
      const sequence = await this.#once(client, channel, subject, existing, pack(chunk))
      partial.place = Math.max(partial.place, positionOf(sequence))
      partial.done.set(key, from + chunk.length)
    }
  }

  /** Exactly once, even if an acknowledgement was lost. */
  async #once(
    client: JournalClient,
    channel: Channel,
    subject: string,
    knownSubject: Subject,
    data: Uint8Array,
  ): Promise<number> {
    if (knownSubject.unconfirmed && (await this.#isLast(client, channel, subject, knownSubject)))
      return knownSubject.last
    try {
      return await this.#publish(client, channel, subject, knownSubject, data)
    } catch (error) {
      if (!isWrongLast(error, client)) {
        knownSubject.unconfirmed = true
        throw error
      }
      // The last message may be a repetition by the library or the network.
      if (await this.#isLast(client, channel, subject, knownSubject)) return knownSubject.last
      throw new Fenced(`another instance writes as ${this.#options.name}`, { cause: error })
    }
  }

  async #isLast(
    { manager }: JournalClient,
    channel: Channel,
    subject: string,
    knownSubject: Subject,
  ): Promise<boolean> {
    const message = await manager.streams.getMessage(this.#options.target(channel).stream, { last_by_subj: subject })
    if (
      message?.header.get(writerHeader) !== this.#options.claim ||
      Number(message.header.get(numberHeader)) !== knownSubject.written + 1
    )
      return false
    Object.assign(knownSubject, { last: message.seq, written: knownSubject.written + 1, unconfirmed: false })
    return true
  }

  async #publish(
    { library, stream }: JournalClient,
    channel: Channel,
    subject: string,
    knownSubject: Subject,
    data: Uint8Array,
  ): Promise<number> {
    const headers = library.headers()
    headers.set(writerHeader, this.#options.claim)
    headers.set(numberHeader, String(knownSubject.written + 1))
    const { seq } = await stream.publish(subject, data, {
      headers,
      timeout: this.#options.timeout,
      retries: 0,
      expect: { streamName: this.#options.target(channel).stream, lastSubjectSequence: knownSubject.last },
    })
    Object.assign(knownSubject, { last: seq, written: knownSubject.written + 1, unconfirmed: false })
    return seq
  }

  #subject(channel: Channel, key: string) {
    return `${this.#options.target(channel).prefix}.${tokenOf(key)}`
  }
}

function isWrongLast(error: unknown, { library }: JournalClient) {
  return error instanceof library.JetStreamApiError && error.code === wrongLastSequence
}
