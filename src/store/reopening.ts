import type { IsolatedResult, StoreReader } from '../engine/control.ts'
import type { Timers } from '../host/index.ts'
import { WeirError } from '../model/errors.ts'
import type { Store } from './index.ts'

const drainMs = 5000
const maxWaitMs = 10_000
const maxRuns = 3

export class ReopeningStore {
  readonly #open: () => Promise<Store>
  readonly #timers: Timers
  #store: Store
  #reopening: PromiseWithResolvers<void> | undefined
  readonly #running = new Set<Promise<void>>()

  constructor(store: Store, open: () => Promise<Store>, timers: Timers) {
    this.#store = store
    this.#open = open
    this.#timers = timers
  }

  get store(): Store {
    return this.#store
  }

  readonly reader: StoreReader & Required<Pick<StoreReader, 'isolated'>> = {
    query: (sql, format, signal, onProgress) =>
      this.#stream(signal, (reader) => reader.query(sql, format, signal, onProgress)),
    isolated: (query, signal, onProgress) =>
      this.#stream(signal, (reader) => isolatedIn(reader, query, signal, onProgress)),
    edges: (request, signal, onProgress) =>
      this.#run(signal, ({ reader }) => reader.edges(request, signal, onProgress)),
  }

  /** On a rejection queries wait until a later call succeeds. */
  async reopen(signal: AbortSignal): Promise<void> {
    if (this.#reopening === undefined) {
      this.#reopening = Promise.withResolvers()
      await this.#within(drainMs, signal, Promise.all(this.#running))
      await this.#store.close().catch(() => {})
    }
    this.#store = await this.#open()
    this.#reopening.resolve()
    this.#reopening = undefined
  }

  async #run<Value>(signal: AbortSignal, act: (store: Store) => Promise<Value>): Promise<Value> {
    for (let run = 1; ; run++) {
      const store = await this.#opened(signal)
      const ended = this.#hold()
      try {
        return await act(store)
      } catch (error) {
        if (signal.aborted || this.#isOpen(store)) throw error
        if (run === maxRuns) throw reopening(error)
      } finally {
        ended()
      }
    }
  }

  async #stream(
    signal: AbortSignal,
    begin: (reader: StoreReader) => Promise<IsolatedResult | AsyncIterable<Uint8Array>>,
  ): Promise<IsolatedResult> {
    const open = (): Promise<Opened> =>
      this.#run(signal, async (store) => ({
        store,
        chunks: (await begin(store.reader))[Symbol.asyncIterator]() as Opened['chunks'],
        ended: this.#hold(),
      }))
    const answer = new ReopeningAnswer(await open(), open, (store) => signal.aborted || this.#isOpen(store))
    return { [Symbol.asyncIterator]: () => answer }
  }

  async #opened(signal: AbortSignal): Promise<Store> {
    if (this.#reopening !== undefined) await this.#within(maxWaitMs, signal, this.#reopening.promise)
    signal.throwIfAborted()
    if (this.#reopening !== undefined) throw reopening()
    return this.#store
  }

  #isOpen(store: Store) {
    return store === this.#store && this.#reopening === undefined
  }

  #hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#running.add(promise)
    return () => {
      this.#running.delete(promise)
      resolve()
    }
  }

  async #within(ms: number, signal: AbortSignal, work: Promise<unknown>) {
    const done = new AbortController()
    await Promise.race([work, this.#timers.sleep(ms, AbortSignal.any([signal, done.signal]))])
    done.abort()
  }
}

type Opened = Readonly<{
  store: Store
  chunks: AsyncIterator<Uint8Array, number | undefined>
  ended: () => void
}>

class ReopeningAnswer implements AsyncIterator<Uint8Array, number | undefined> {
  #opened: Opened
  readonly #again: () => Promise<Opened>
  readonly #isFinal: (store: Store) => boolean
  #runs = 1
  #begun = false

  constructor(opened: Opened, again: () => Promise<Opened>, isFinal: (store: Store) => boolean) {
    this.#opened = opened
    this.#again = again
    this.#isFinal = isFinal
  }

  async next(): Promise<IteratorResult<Uint8Array, number | undefined>> {
    for (;;) {
      const { store, chunks, ended } = this.#opened
      try {
        const step = await chunks.next()
        this.#begun = true
        if (step.done === true) ended()
        return step
      } catch (error) {
        ended()
        if (this.#isFinal(store)) throw error
        if (this.#begun || this.#runs++ === maxRuns) throw reopening(error)
        this.#opened = await this.#again()
      }
    }
  }

  async return(): Promise<IteratorResult<Uint8Array, number | undefined>> {
    try {
      await this.#opened.chunks.return?.()
    } finally {
      this.#opened.ended()
    }
    return { done: true, value: undefined }
  }
}

function isolatedIn(
  reader: StoreReader,
  ...about: Parameters<NonNullable<StoreReader['isolated']>>
): Promise<IsolatedResult> {
  if (reader.isolated === undefined) throw new Error('The store starts no query processes.')
  return reader.isolated(...about)
}

function reopening(cause?: unknown) {
  return new WeirError('WEIR_STORE_REOPENING', 'The store was reopened before the query finished. Repeat the query.', {
    cause,
  })
}
