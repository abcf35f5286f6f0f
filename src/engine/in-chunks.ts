import type { Clock } from '../host/index.ts'
import type { Failure } from '../model/outcome.ts'
import { behindKey, type Attempt } from './in-order.ts'

export interface InChunksOptions {
  /** A chunk is full at this many rows or bytes; a single larger row still goes, alone. */
  readonly limits: { readonly rows: number; readonly bytes: number }
  /** No chunk begins later than this after the call. */
  readonly budgetMs: number
  readonly clock: Clock
  readonly signal: AbortSignal
}

interface Ordered {
  readonly index: number
  readonly key: string | undefined
}

interface Encoded<Row> {
  readonly row: Row
  readonly bytes: Uint8Array
}

/**
 * Delivers rows many at a time, chunk after chunk, for systems that take or refuse a request whole. When a chunk is
 * refused for good its rows go once more one by one, so that only the guilty ones are rejected. Rows of a key that
 * failed are left for the next time. `attempt` must not reject.
 */
export async function deliverInChunks<Row extends Ordered>(
  rows: Iterable<Row>,
  options: InChunksOptions,
  encode: (row: Row) => Uint8Array | Attempt,
  attempt: (rows: readonly Uint8Array[]) => Promise<Attempt>,
): Promise<Failure[]> {
  const chunks = new Chunks<Row>(options, attempt)
  for (const row of rows) {
    const bytes = encode(row)
    if (bytes instanceof Uint8Array) await chunks.add({ row, bytes })
    else chunks.fail(row, bytes ?? { is: 'reject', reason: 'empty' })
  }
  await chunks.flush()
  return chunks.failures.sort((a, b) => a.index - b.index)
}

class Chunks<Row extends Ordered> {
  readonly failures: Failure[] = []
  readonly #options: InChunksOptions
  readonly #attempt: (rows: readonly Uint8Array[]) => Promise<Attempt>
  readonly #deadline: number
  readonly #failedKeys = new Set<string>()
  #chunk: Encoded<Row>[] = []
  #bytes = 0
  #trouble: { reason: string; afterMs?: number } | undefined

  constructor(options: InChunksOptions, attempt: (rows: readonly Uint8Array[]) => Promise<Attempt>) {
    this.#options = options
    this.#attempt = attempt
    this.#deadline = options.clock.monotonic() + options.budgetMs
  }

  async add(encoded: Encoded<Row>): Promise<void> {
    const { rows, bytes } = this.#options.limits
    if (this.#chunk.length >= rows || (this.#chunk.length > 0 && this.#bytes + encoded.bytes.length > bytes)) await this.flush()
    this.#chunk.push(encoded)
    this.#bytes += encoded.bytes.length
  }

  async flush(): Promise<void> {
    const chunk = this.#chunk
    this.#chunk = []
    this.#bytes = 0
    const outcome = await this.#deliver(chunk)
    if (outcome === undefined) return
    const alone = outcome.is === 'reject' && chunk.length > 1
    for (const one of chunk) {
      const verdict = alone ? await this.#deliver([one]) : outcome
      if (verdict !== undefined) this.fail(one.row, verdict)
    }
  }

  /** Sends what may be sent of a chunk; rows held back are settled here. */
  async #deliver(chunk: Encoded<Row>[]): Promise<Attempt> {
    const sent: Encoded<Row>[] = []
    for (const one of chunk) {
      if (one.row.key === undefined || !this.#failedKeys.has(one.row.key)) sent.push(one)
      else this.fail(one.row, { is: 'retry', reason: behindKey(one.row.key) })
    }
    chunk.splice(0, chunk.length, ...sent)
    if (sent.length === 0) return undefined
    const blocked = this.#blocked()
    if (blocked !== undefined) return { is: 'retry', ...blocked }
    const outcome = await this.#attempt(sent.map(({ bytes }) => bytes))
    if (outcome?.is === 'retry' && outcome.away === true) this.#trouble = outcome
    return outcome
  }

  #blocked(): { reason: string; afterMs?: number } | undefined {
    if (this.#options.signal.aborted) return { reason: 'not sent: the sink is stopping' }
    if (this.#trouble !== undefined) return { ...this.#trouble, reason: `not sent: ${this.#trouble.reason}` }
    return this.#options.clock.monotonic() > this.#deadline ? { reason: 'not sent: the time for this batch was used up; it goes on with the next' } : undefined
  }

  fail({ index, key }: Row, outcome: Exclude<Attempt, undefined>): void {
    if (key !== undefined) this.#failedKeys.add(key)
    const { is, reason } = outcome
    const afterMs = is === 'retry' ? outcome.afterMs : undefined
    this.failures.push({ index, is, reason, ...(afterMs === undefined ? {} : { afterMs }) } as Failure)
  }
}
