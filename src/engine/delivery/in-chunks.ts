import type { Clock } from '../../host/index.ts'
import type { Failure } from '../../model/outcome.ts'
import { behindKey, type Attempt } from './in-order.ts'

type InChunksOptions = Readonly<{
  limits: Readonly<{ rows: number; bytes: number }>
  budgetMs: number
  clock: Clock
  signal: AbortSignal
}>

type Ordered = Readonly<{
  index: number
  key: string | undefined
}>

interface Body {
  readonly length: number
}

type Encoded<Row, B extends Body> = Readonly<{
  row: Row
  body: B
}>

/** Rows of a rejected chunk are sent one by one. Later rows of a failed key stay for the next attempt. */
export async function deliverInChunks<Row extends Ordered, B extends Body>(
  rows: Iterable<Row>,
  options: InChunksOptions,
  encode: (row: Row) => B | Exclude<Attempt, undefined>,
  attempt: (rows: readonly B[]) => Promise<Attempt>,
): Promise<Failure[]> {
  const chunks = new Chunks<Row, B>(options, attempt)
  for (const row of rows) {
    const body = encode(row)
    if ('is' in body) chunks.fail(row, body)
    else await chunks.add({ row, body })
  }
  await chunks.flush()
  return chunks.failures.sort((a, b) => a.index - b.index)
}

class Chunks<Row extends Ordered, B extends Body> {
  readonly failures: Failure[] = []
  readonly #options: InChunksOptions
  readonly #attempt: (rows: readonly B[]) => Promise<Attempt>
  readonly #deadline: number
  readonly #failedKeys = new Set<string>()
  #chunk: Encoded<Row, B>[] = []
  #bytes = 0
  #trouble: { reason: string; afterMs?: number } | undefined

  constructor(options: InChunksOptions, attempt: (rows: readonly B[]) => Promise<Attempt>) {
    this.#options = options
    this.#attempt = attempt
    this.#deadline = options.clock.monotonic() + options.budgetMs
  }

  async add(encoded: Encoded<Row, B>): Promise<void> {
    const { rows, bytes } = this.#options.limits
    if (this.#chunk.length >= rows || (this.#chunk.length > 0 && this.#bytes + encoded.body.length > bytes))
      await this.flush()
    this.#chunk.push(encoded)
    this.#bytes += encoded.body.length
  }

  async flush(): Promise<void> {
    const chunk = this.#chunk
    this.#chunk = []
    this.#bytes = 0
    const outcome = await this.#deliver(chunk)
    if (outcome === undefined) return
    const sendOneByOne = outcome.is === 'reject' && chunk.length > 1
    for (const item of chunk) {
      const verdict = sendOneByOne ? await this.#deliver([item]) : outcome
      if (verdict !== undefined) this.fail(item.row, verdict)
    }
  }

  async #deliver(chunk: Encoded<Row, B>[]): Promise<Attempt> {
    const sent: Encoded<Row, B>[] = []
    for (const item of chunk) {
      if (item.row.key === undefined || !this.#failedKeys.has(item.row.key)) sent.push(item)
      else this.fail(item.row, { is: 'retry', reason: behindKey(item.row.key) })
    }
    chunk.splice(0, chunk.length, ...sent)
    if (sent.length === 0) return undefined
    const blocked = this.#blocked()
    if (blocked !== undefined) return { is: 'retry', ...blocked }
    const outcome = await this.#attempt(sent.map(({ body }) => body))
    if (outcome?.is === 'retry' && outcome.away === true) this.#trouble = outcome
    return outcome
  }

  #blocked(): { reason: string; afterMs?: number } | undefined {
    if (this.#options.signal.aborted) return { reason: 'not sent: the sink is stopping' }
    if (this.#trouble !== undefined) return { ...this.#trouble, reason: `not sent: ${this.#trouble.reason}` }
    return this.#options.clock.monotonic() > this.#deadline
      ? { reason: 'not sent: the time limit of this batch is reached; the next batch continues' }
      : undefined
  }

  fail({ index, key }: Row, outcome: Exclude<Attempt, undefined>): void {
    if (key !== undefined) this.#failedKeys.add(key)
    const { is, reason } = outcome
    const afterMs = is === 'retry' ? outcome.afterMs : undefined
    this.failures.push({ index, is, reason, ...(afterMs === undefined ? {} : { afterMs }) } as Failure)
  }
}
