import type { Durable, Tail } from './types.ts'
import { segmentName } from './paths.ts'

export class LocalTail implements Tail {
  #durable: Durable = { segment: '', offset: 0, sequence: 0, row: 0 }
  readonly #waiting = new Set<() => void>()

  durable(): Durable {
    return this.#durable
  }

  publish(durable: Durable): void {
    this.#durable = durable
    for (const wake of this.#waiting) wake()
  }

  moved(past: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (this.#durable.sequence <= past && !signal.aborted) return
        this.#waiting.delete(look)
        signal.removeEventListener('abort', look)
        resolve()
      }
      this.#waiting.add(look)
      signal.addEventListener('abort', look)
      look()
    })
  }
}

const fields = { segment: 0, offset: 1, sequence: 2, row: 3 }
const counterBytes = 8
/** In case a notification is lost. */
const mostMs = 10_000

/** Progress across threads: a sequence lock, odd during a write, so that readers never see a mixed state. */
export class SharedTail implements Tail {
  readonly memory: SharedArrayBuffer
  readonly #counter: Int32Array
  readonly #values: Float64Array
  #change: Readonly<{ since: number; promise: Promise<unknown> }> | undefined

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(counterBytes + 4 * 8)) {
    this.memory = memory
    this.#counter = new Int32Array(memory, 0, 1)
    this.#values = new Float64Array(memory, counterBytes, 4)
  }

  durable(): Durable {
    for (;;) {
      const before = Atomics.load(this.#counter, 0)
      const [segment = 0, offset = 0, sequence = 0, row = 0] = this.#values
      if (before % 2 === 0 && Atomics.load(this.#counter, 0) === before) {
        return { segment: segment === 0 ? '' : segmentName(segment), offset, sequence, row }
      }
    }
  }

  publish(durable: Durable): void {
    Atomics.add(this.#counter, 0, 1)
    this.#values[fields.segment] = durable.segment === '' ? 0 : Number.parseInt(durable.segment, 10)
    this.#values[fields.offset] = durable.offset
    this.#values[fields.sequence] = durable.sequence
    this.#values[fields.row] = durable.row
    Atomics.add(this.#counter, 0, 1)
    Atomics.notify(this.#counter, 0)
  }

  async moved(past: number, signal: AbortSignal): Promise<void> {
    let abort = () => {}
    const aborted = new Promise<void>((resolve) => {
      abort = resolve
    })
    signal.addEventListener('abort', abort, { once: true })
    try {
      while (!signal.aborted) {
        const seen = Atomics.load(this.#counter, 0)
        if (this.durable().sequence > past) return
        const change = this.#changed(seen)
        if (change !== undefined) await Promise.race([change, aborted])
      }
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  /** Shared, because an aborted wait remains until the next change. Undefined: it has changed. */
  #changed(since: number): Promise<unknown> | undefined {
    if (this.#change?.since === since) return this.#change.promise
    const wait = Atomics.waitAsync(this.#counter, 0, since, mostMs)
    if (!wait.async) return undefined
    const promise = wait.value.finally(() => {
      if (this.#change?.since === since) this.#change = undefined
    })
    this.#change = { since, promise }
    return promise
  }
}
