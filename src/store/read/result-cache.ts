/** Small results in memory. Files are immutable, so a statement over the same files has the same result. */
import { createHash } from 'node:crypto'
import type { Statement } from './statement.ts'

const maxResultBytes = 512 << 10
const maxBytes = 8 << 20

/** Also part of a longer word or of a text: such a statement is run again, which is always correct. */
const changing =
  /now|today|yesterday|tomorrow|current|localtime|random|uuid|\bage\b|sample|nextval|setseed|stats|error|transaction/i

export class ResultCache {
  /** In order of use. A promise: the statement is running; undefined if its result is not kept. */
  readonly #results = new Map<string, Uint8Array | Promise<Uint8Array | undefined>>()
  readonly #running = new Map<string, (result: Uint8Array | undefined) => void>()
  #bytes = 0

  /** `views` names all files that the statement reads. Undefined: the result can change without new files. */
  keyOf(views: string, { sql, parameters = {} }: Pick<Statement, 'sql' | 'parameters'>): string | undefined {
    if (changing.test(sql) || Object.keys(parameters).length > 0) return undefined
    return createHash('sha256').update(`${views}\0${sql}`).digest('base64')
  }

  /** Waits for the same statement if it is running. Undefined: run it, then call {@link keep} or {@link fail}. */
  async find(key: string): Promise<Uint8Array | undefined> {
    const result = this.#results.get(key)
    if (result === undefined) {
      const { promise, resolve } = Promise.withResolvers<Uint8Array | undefined>()
      this.#results.set(key, promise)
      this.#running.set(key, resolve)
      return undefined
    }
    if (!(result instanceof Uint8Array)) return result
    this.#results.delete(key)
    this.#results.set(key, result)
    return result
  }

  /** Reads small results at once, so that a slow reader delays no other. */
  async keep(key: string, stream: AsyncIterableIterator<Uint8Array, undefined>): Promise<AsyncIterable<Uint8Array>> {
    const pieces: Uint8Array[] = []
    let bytes = 0
    try {
      for (;;) {
        const next = await stream.next()
        if (next.done === true) {
          const result = Buffer.concat(pieces)
          this.#settle(key, result)
          return copyOf(result)
        }
        pieces.push(next.value)
        bytes += next.value.length
        if (bytes <= maxResultBytes) continue
        this.fail(key)
        return rest(pieces, stream)
      }
    } catch (error) {
      this.fail(key)
      throw error
    }
  }

  /** The statement failed, or its result is too large. */
  fail(key: string): void {
    if (this.#running.has(key)) this.#results.delete(key)
    this.#running.get(key)?.(undefined)
    this.#running.delete(key)
  }

  #settle(key: string, result: Uint8Array) {
    const before = this.#results.get(key)
    // Requests that waited for a failed one run the statement side by side.
    if (before instanceof Uint8Array) this.#bytes -= before.length
    this.#results.delete(key)
    this.#results.set(key, result)
    this.#bytes += result.length
    this.#running.get(key)?.(result)
    this.#running.delete(key)
    for (const [oldest, old] of this.#results) {
      if (this.#bytes <= maxBytes) break
      if (!(old instanceof Uint8Array)) continue
      this.#results.delete(oldest)
      this.#bytes -= old.length
    }
  }
}

/** The receiver may transfer the bytes to another thread. */
export async function* copyOf(result: Uint8Array): AsyncGenerator<Uint8Array, undefined> {
  yield Uint8Array.from(result)
}

function rest(
  first: readonly Uint8Array[],
  stream: AsyncIterableIterator<Uint8Array, undefined>,
): AsyncIterableIterator<Uint8Array, undefined> {
  let at = 0
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    async next() {
      const value = first[at++]
      return value === undefined ? stream.next() : { done: false, value }
    },
    async return() {
      await stream.return?.()
      return { done: true, value: undefined }
    },
  }
}
