import type { Clock } from '../../host/index.ts'
import type { Failure } from '../../model/outcome.ts'
import type { Attempt } from './in-order.ts'

type Retry = Readonly<{ is: 'retry'; reason: string; afterMs?: number }>

/** Outcome of a request: of each row in order, or of all. `divide`: some row is at fault, or the size. */
export type HalvesAnswer =
  | undefined
  | Readonly<{ is: 'items'; items: readonly Attempt[] }>
  | Retry
  | Readonly<{ is: 'divide'; reason: string }>

type InHalvesOptions = Readonly<{
  limits: Readonly<{ rows: number; bytes: number }>
  /** No request starts later than this after the call. */
  budgetMs: number
  clock: Clock
  signal: AbortSignal
}>

interface Encoded {
  readonly index: number
  readonly bytes: Uint8Array
}

/**
 * Sends rows in requests within the limits, one after the other. A refused request is sent in halves until the rows at
 * fault are found, so a row may arrive several times. A failure in the input is an outcome of its row.
 */
export async function deliverInHalves<Row extends Encoded>(
  rows: Iterable<Row | Failure>,
  options: InHalvesOptions,
  send: (rows: readonly Uint8Array[]) => Promise<HalvesAnswer>,
): Promise<Failure[]> {
  const halves = new Halves(options, send)
  for (const row of rows) {
    if ('is' in row) halves.failures.push(row)
    else {
      // An `await` for each row would cost more than most rows.
      if (halves.isFullFor(row)) await halves.flush()
      halves.add(row)
    }
  }
  await halves.flush()
  return halves.failures.sort((a, b) => a.index - b.index)
}

class Halves {
  readonly failures: Failure[] = []
  readonly #options: InHalvesOptions
  readonly #send: (rows: readonly Uint8Array[]) => Promise<HalvesAnswer>
  readonly #deadline: number
  #chunk: Encoded[] = []
  #bytes = 0
  #trouble: Retry | undefined

  constructor(options: InHalvesOptions, send: (rows: readonly Uint8Array[]) => Promise<HalvesAnswer>) {
    this.#options = options
    this.#send = send
    this.#deadline = options.clock.monotonic() + options.budgetMs
  }

  isFullFor(row: Encoded): boolean {
    const { rows, bytes } = this.#options.limits
    return this.#chunk.length > 0 && (this.#chunk.length >= rows || this.#bytes + row.bytes.length > bytes)
  }

  add(row: Encoded): void {
    this.#chunk.push(row)
    this.#bytes += row.bytes.length
  }

  async flush(): Promise<void> {
    const parts = [this.#chunk]
    this.#chunk = []
    this.#bytes = 0
    for (let part = parts.pop(); part !== undefined; part = parts.pop())
      if (part.length > 0) parts.push(...(await this.#deliver(part)))
  }

  /** Returns the parts to send next, the first one last. */
  async #deliver(part: Encoded[]): Promise<Encoded[][]> {
    const answer = this.#blocked() ?? (await this.#send(part.map(({ bytes }) => bytes)))
    if (answer === undefined) return []
    if (answer.is === 'divide') {
      const half = part.length >> 1
      if (half > 0) return [part.slice(half), part.slice(0, half)]
      this.failures.push({ index: part[0]!.index, is: 'reject', reason: answer.reason })
      return []
    }
    if (answer.is === 'retry') this.#trouble ??= answer
    for (const [at, { index }] of part.entries()) {
      const outcome = answer.is === 'retry' ? answer : answer.items[at]
      if (outcome === undefined) continue
      const { is, reason } = outcome
      const afterMs = outcome.is === 'retry' ? outcome.afterMs : undefined
      this.failures.push({ index, is, reason, ...(afterMs === undefined ? {} : { afterMs }) } as Failure)
    }
    return []
  }

  #blocked(): Retry | undefined {
    const { signal, clock } = this.#options
    if (signal.aborted) return { is: 'retry', reason: 'not sent: the sink is stopping' }
    if (this.#trouble !== undefined) return { ...this.#trouble, reason: `not sent: ${this.#trouble.reason}` }
    return clock.monotonic() > this.#deadline
      ? { is: 'retry', reason: 'not sent: the time limit of this batch is reached; the next batch continues' }
      : undefined
  }
}
