import type { FlowBatch } from '../../model/batches.ts'
import { RecordWriter } from './records.ts'
import { RelayTemplates, RelayWriter } from './relay.ts'
import { flowTemplateSets, samplingBytes, samplingTemplate, samplingTemplateSet } from './templates.ts'

export type FlowPiece = Readonly<{
  batch: FlowBatch
  rows: Uint32Array
  /** Unix ms. */
  received: number
}>

export type MessageOptions = Readonly<{
  /** `relay`: the elements that a flow has; `netobserv`: those of NetObserv's exporter, zero if absent. */
  elements: 'relay' | 'netobserv'
  domain: number
  /** Enterprise number of NetObserv's elements; 0: without them. */
  enterprise: number
  sampling: boolean
  /** Messages are filled up to this size. */
  limit: number
  /** A record that exceeds `limit` has a separate message, up to this size. */
  largest: number
}>

export type TemplateMessages = Readonly<{
  /** Grows with `relay`, before messages that need another one. */
  flows: readonly Uint8Array[]
  /** Options template, which some collectors reject. */
  sampling: Uint8Array
}>

/** Unsent: {@link stampMessage} sets its time and sequence number. */
export type IpfixMessage = Readonly<{
  bytes: Uint8Array
  records: number
  isSampled: boolean
  /** Indexes over the rows of all pieces. */
  rows: readonly number[]
}>

type Encoded = Readonly<{
  messages: readonly IpfixMessage[]
  tooLarge: readonly Readonly<{ index: number; bytes: number }>[]
}>

const headerBytes = 16
const setHeaderBytes = 4
const optionsBytes = setHeaderBytes + samplingBytes
const overhead = headerBytes + optionsBytes + setHeaderBytes
/** Messages that are filled at the same time, one for each template and sampling interval. */
const maxOpen = 16

/** Encodes flows as IPFIX messages (RFC 7011). Each message has one data set, of one template and sampling interval. */
export class MessageWriter {
  readonly #options: MessageOptions
  readonly #open = new Map<number, OpenMessage>()
  readonly #relay: RelayTemplates
  #isSampled = false

  constructor(options: MessageOptions) {
    this.#options = options
    this.#relay = new RelayTemplates((set) => this.#message(set))
  }

  templates(): TemplateMessages {
    const { elements, enterprise } = this.#options
    const message = (set: Uint8Array) => this.#message(set)
    const flows = elements === 'relay' ? this.#relay.announced : flowTemplateSets(enterprise).map(message)
    return { flows, sampling: message(samplingTemplateSet()) }
  }

  encode(pieces: Iterable<FlowPiece>): Encoded {
    const messages: IpfixMessage[] = []
    const tooLarge: { index: number; bytes: number }[] = []
    const { elements, enterprise, sampling, limit, largest } = this.#options
    let index = 0
    for (const { batch, rows, received } of pieces) {
      const writer =
        elements === 'relay'
          ? new RelayWriter(batch, enterprise, received, this.#relay)
          : new RecordWriter(batch, received, { withEnterprise: enterprise !== 0 })
      for (const row of rows) {
        const size = writer.size(row)
        if (size + overhead > largest) tooLarge.push({ index, bytes: size })
        else {
          const open = this.#room(
            writer.template(row),
            sampling ? writer.rate(row) : 1,
            Math.max(limit, size + overhead),
            size,
            messages,
          )
          open.end = writer.write(open.view, open.bytes, open.end, row)
          open.rows.push(index)
        }
        index++
      }
    }
    for (const open of this.#open.values()) messages.push(open.close())
    this.#open.clear()
    return { messages, tooLarge }
  }

  #room(template: number, rate: number, capacity: number, size: number, closed: IpfixMessage[]): OpenMessage {
    const key = 0x1_0000 * rate + template
    const open = this.#open.get(key)
    if (open !== undefined) {
      if (open.end + size <= open.bytes.length) return open
      closed.push(open.close())
      this.#open.delete(key)
    }
    for (const [oldest, message] of this.#open) {
      if (this.#open.size < maxOpen) break
      closed.push(message.close())
      this.#open.delete(oldest)
    }
    this.#isSampled ||= rate > 1
    const made = new OpenMessage(capacity, this.#options.domain, template, this.#isSampled ? rate : undefined)
    this.#open.set(key, made)
    return made
  }

  #message(set: Uint8Array): Uint8Array {
    const bytes = new Uint8Array(headerBytes + set.length)
    bytes.set(set, headerBytes)
    writeHeader(new DataView(bytes.buffer), bytes.length, this.#options.domain)
    return bytes
  }
}

class OpenMessage {
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly rows: number[] = []
  readonly #dataAt: number
  readonly #domain: number
  readonly #options: number
  end: number

  constructor(capacity: number, domain: number, template: number, rate: number | undefined) {
    this.bytes = new Uint8Array(capacity)
    this.view = new DataView(this.bytes.buffer)
    this.#domain = domain
    this.#options = rate === undefined ? 0 : 1
    this.#dataAt = rate === undefined ? headerBytes : writeRate(this.view, headerBytes, domain, rate)
    this.view.setUint16(this.#dataAt, template)
    this.end = this.#dataAt + setHeaderBytes
  }

  close(): IpfixMessage {
    this.view.setUint16(this.#dataAt + 2, this.end - this.#dataAt)
    writeHeader(this.view, this.end, this.#domain)
    return {
      bytes: this.bytes.subarray(0, this.end),
      records: this.rows.length + this.#options,
      isSampled: this.#options > 0,
      rows: this.rows,
    }
  }
}

/** Sets export time (Unix s) and the number of data records sent before, modulo 2^32. */
export function stampMessage(bytes: Uint8Array, seconds: number, sequence: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  view.setUint32(4, seconds)
  view.setUint32(8, sequence)
}

function writeHeader(view: DataView, length: number, domain: number) {
  view.setUint16(0, 10)
  view.setUint16(2, length)
  view.setUint32(12, domain)
}

function writeRate(view: DataView, at: number, domain: number, rate: number): number {
  view.setUint16(at, samplingTemplate)
  view.setUint16(at + 2, optionsBytes)
  view.setUint32(at + 4, domain)
  view.setUint32(at + 8, rate)
  view.setUint32(at + 12, 1)
  view.setUint32(at + 16, rate - 1)
  return at + optionsBytes
}
