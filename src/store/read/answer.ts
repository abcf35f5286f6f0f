import type { Formatter, RowChunk } from './formats.ts'

const chunkBytes = 128 * 1024
const utf8 = new TextEncoder()

type AnswerOptions<Chunk extends RowChunk> = Readonly<{
  format: Formatter<Chunk>
  first: Chunk | undefined
  fetch(): Promise<Chunk | undefined>
  interrupt(): void
  finish(error: unknown): Promise<void>
  signal: AbortSignal
}>

/** Fetched on demand. Resources are released at the end, on an error or abort, and when the reader stops early. */
export class ResultStream<Chunk extends RowChunk> implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #options: AnswerOptions<Chunk>
  readonly #aborted: () => void
  #rows: Iterator<string> | undefined
  #began = false
  #busy: Promise<void> | undefined
  #over: Promise<void> | undefined

  constructor(options: AnswerOptions<Chunk>) {
    this.#options = options
    this.#rows = this.#rowsOf(options.first)
    this.#aborted = () => {
      options.interrupt()
      if (this.#busy === undefined) this.#finish(undefined).catch(() => undefined)
    }
    options.signal.addEventListener('abort', this.#aborted, { once: true })
    if (options.signal.aborted) this.#aborted()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#options.signal.throwIfAborted()
    if (this.#over !== undefined) return { done: true, value: undefined }
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#busy = promise
    try {
      const text = await this.#text()
      this.#options.signal.throwIfAborted()
      return { done: false, value: utf8.encode(text) }
    } catch (error) {
      await this.#finish(this.#options.signal.aborted ? undefined : error)
      this.#options.signal.throwIfAborted()
      throw error
    } finally {
      this.#busy = undefined
      resolve()
    }
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    // The connection stays open during a fetch.
    if (this.#busy !== undefined) {
      this.#options.interrupt()
      await this.#busy
    }
    await this.#finish(undefined)
    return { done: true, value: undefined }
  }

  async #text(): Promise<string> {
    const { format } = this.#options
    let text = this.#began ? '' : format.begin()
    this.#began = true
    while (this.#rows !== undefined) {
      const row = this.#rows.next()
      if (row.done === true) {
        this.#rows = this.#rowsOf(await this.#options.fetch())
        continue
      }
      text += row.value
      if (text.length >= chunkBytes) return text
    }
    text += format.end()
    await this.#finish(undefined)
    return text
  }

  #rowsOf(chunk: Chunk | undefined): Iterator<string> | undefined {
    return chunk === undefined ? undefined : this.#options.format.rows(chunk)[Symbol.iterator]()
  }

  #finish(error: unknown) {
    this.#options.signal.removeEventListener('abort', this.#aborted)
    this.#rows = undefined
    this.#over ??= this.#options.finish(error)
    return this.#over
  }
}
