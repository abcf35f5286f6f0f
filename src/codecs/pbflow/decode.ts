import type { FlowBuilder } from '../../model/flow-builder.ts'
import { AgentRecord } from './record.ts'
import { RecordRows, type Received } from './rows.ts'
import { WireReader } from '../proto-reader/index.ts'

export type { Received } from './rows.ts'

/** Where to pause within a message, so that its rows fit into one unit. */
type Pause = Readonly<{
  rows: number
  /** Uncompressed. */
  bytes: number
}>

const sizeEvery = 256

/** Never throws. A message with malformed framing yields the rows before it. */
export class AgentFlowDecoder {
  readonly #flows: FlowBuilder
  readonly #rows: RecordRows
  readonly #record = new AgentRecord()
  readonly #wire = new WireReader()
  rows = 0
  /** Records of the last call that could not be read, and 1 more if the rest of the message could not. */
  malformed = 0

  constructor(flows: FlowBuilder) {
    this.#flows = flows
    this.#rows = new RecordRows(flows)
  }

  /** Decodes a `Records` message from byte `at` on. Returns the byte to continue at when `pause` is reached. */
  records(bytes: Uint8Array, at: number, received: Received, pause?: Pause): number {
    const first = this.#flows.count
    const end = this.#until(bytes, at, received, pause)
    this.#rows.finish(first, received)
    return end
  }

  /** Decodes one `Record`, as sent over Kafka. Call {@link finish} after the last one of a batch. */
  record(bytes: Uint8Array, received: Received): boolean {
    this.rows = this.malformed = 0
    this.#one(bytes, 0, bytes.length, received)
    return this.rows === 1
  }

  /** Completes the rows of {@link record} from row `first` on. */
  finish(first: number, received: Received): void {
    this.#rows.finish(first, received)
  }

  #until(bytes: Uint8Array, at: number, received: Received, pause: Pause | undefined): number {
    const wire = this.#wire
    this.rows = this.malformed = 0
    wire.start(bytes, at)
    while (wire.next(bytes.length)) {
      if (wire.field !== 1) {
        wire.skip(bytes.length)
        continue
      }
      const end = wire.within(bytes.length)
      if (end < 0) continue
      this.#one(bytes, wire.at, end, received)
      wire.at = end
      if (pause !== undefined && this.#isFull(pause)) return end
    }
    if (wire.failed) this.malformed++
    return bytes.length
  }

  #one(bytes: Uint8Array, from: number, to: number, received: Received) {
    if (!this.#record.read(bytes, from, to)) {
      this.malformed++
      return
    }
    this.#flows.reserve(1)
    this.#rows.add(this.#record, bytes, received)
    this.rows++
  }

  #isFull({ rows, bytes }: Pause) {
    const { count } = this.#flows
    return count >= rows || (count % sizeEvery === 0 && this.#flows.bytes >= bytes)
  }
}

export function countRecords(bytes: Uint8Array): number {
  const wire = new WireReader()
  let count = 0
  wire.start(bytes, 0)
  while (wire.next(bytes.length)) {
    if (wire.field === 1) count++
    wire.skip(bytes.length)
  }
  return count
}
