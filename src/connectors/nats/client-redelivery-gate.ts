import type { JsMsg } from '@nats-io/jetstream'

export type DeliveredState = Readonly<{
  /** Stream sequence of the newest message that was delivered to any connection. */
  newest: number
  /** Number of delivered messages without an acknowledgement. */
  open: number
}>

type GateOptions = Readonly<{
  /** Bytes that may be held. */
  maxBytes: number
  emit(message: JsMsg): void
  /** Its memory is free. The server redelivers it after the acknowledgement wait. */
  dropped(message: JsMsg): void
}>

/** Headers and the objects of the library. */
const messageOverhead = 1024

/**
 * Holds messages until all unacknowledged ones have arrived again, and emits them by stream sequence. A server
 * redelivers a message that it could not send before those that were lost on the way. Of more than `maxBytes` the
 * lowest sequences are held; the others are dropped and emitted in order when they arrive again.
 */
export class RedeliveryGate {
  readonly #newest: number
  readonly #options: GateOptions
  readonly #held = new Map<number, JsMsg>()
  readonly #seen = new Set<number>()
  readonly #dropped = new Set<number>()
  #bytes = 0
  #unseen: number
  /** Whether a missing message arrived in this request, and any progress since the last wait. */
  #arrived = false
  #progress = true

  constructor({ newest, open }: DeliveredState, options: GateOptions) {
    this.#newest = newest
    this.#unseen = open
    this.#options = options
  }

  /** Messages that must arrive before newer ones are emitted. */
  get missing(): number {
    return this.#unseen > 0 ? this.#unseen : this.#dropped.size
  }

  held(): Iterable<JsMsg> {
    return this.#held.values()
  }

  add(message: JsMsg): void {
    if (this.missing === 0) return this.#options.emit(message)
    const { seq } = message
    if (this.#dropped.delete(seq)) this.#arrived = true
    else if (seq <= this.#newest && this.#unseen > 0 && !this.#seen.has(seq)) {
      this.#seen.add(seq)
      this.#progress = true
      this.#arrived = --this.#unseen > 0
    }
    this.#release(seq)
    this.#held.set(seq, message)
    this.#bytes += sizeOf(message)
    if (this.#unseen === 0) this.#emitReady()
    while (this.#bytes > this.#options.maxBytes && this.#held.size > 1) this.#dropHighest()
  }

  /** Whether to wait for redelivery before the next request: this one had none of the missing messages. */
  requestEnded(): boolean {
    const arrived = this.#arrived
    this.#arrived = false
    if (arrived || this.missing === 0) return false
    if (this.#progress) {
      this.#progress = false
      return true
    }
    // Nothing arrived in a whole acknowledgement wait: the missing messages were removed or acknowledged.
    if (this.#unseen > 0) this.#unseen = 0
    else this.#dropped.clear()
    this.#emitReady()
    return this.missing > 0
  }

  /** Ends the gate and returns the messages that it held. */
  drop(): readonly JsMsg[] {
    const held = [...this.#held.values()]
    this.#held.clear()
    this.#dropped.clear()
    this.#unseen = this.#bytes = 0
    return held
  }

  #emitReady() {
    const limit = this.#dropped.values().reduce((lowest, seq) => Math.min(lowest, seq), Infinity)
    for (const seq of [...this.#held.keys()].toSorted((left, right) => left - right)) {
      if (seq > limit) return
      this.#progress = true
      this.#options.emit(this.#release(seq)!)
    }
  }

  #dropHighest() {
    const seq = this.#held.keys().reduce((highest, held) => Math.max(highest, held))
    this.#dropped.add(seq)
    this.#options.dropped(this.#release(seq)!)
  }

  #release(seq: number): JsMsg | undefined {
    const message = this.#held.get(seq)
    if (message === undefined) return undefined
    this.#held.delete(seq)
    this.#bytes -= sizeOf(message)
    return message
  }
}

function sizeOf({ data }: JsMsg) {
  return data.length + messageOverhead
}
