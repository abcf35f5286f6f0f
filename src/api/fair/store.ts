import { AsyncLocalStorage } from 'node:async_hooks'
import type { Control, IsolatedResult, IsolatedQuery, OnProgress, StoreReader } from '../../engine/control.ts'
import type { Timers } from '../../host/index.ts'
import { WeirError } from '../../model/errors.ts'
import { currentWork } from '../../topics/work.ts'
import { FairQueue, type FairLimits } from './queue.ts'

const currentUser = new AsyncLocalStorage<string>()

export function asUser<Answer>(user: string, act: () => Answer): Answer {
  return currentUser.run(user, act)
}

const isSmall = new AsyncLocalStorage<boolean>()

/** Statements that read few rows do not wait for others, except for each other. */
export function asSmall<Answer>(act: () => Answer): Answer {
  return isSmall.run(true, act)
}

/** Schedules the statements of all its readers together. */
export type FairReaders = (store: StoreReader) => StoreReader

export function fairReaders(limits: FairLimits, exportsAtOnce: number, timers: Timers): FairReaders {
  const queues: Queues = {
    questions: new FairQueue(limits),
    small: new FairQueue({ ...limits, atOnce: 1 }),
    work: new FairQueue(limits),
    wait: new FairQueue({ ...limits, atOnce: exportsAtOnce }),
  }
  const unread = new UnreadAnswers(timers)
  const readers = new WeakMap<StoreReader, StoreReader>()
  return (store) => {
    let reader = readers.get(store)
    if (reader === undefined) readers.set(store, (reader = fairReader(store, queues, unread)))
    return reader
  }
}

export function fairScheduling(control: Control, fair: FairReaders): Control {
  return new Proxy(control, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (name === 'store') return value === undefined ? undefined : fair(value as StoreReader)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

type Queues = Readonly<Record<'questions' | 'small' | IsolatedQuery['bound'], FairQueue>>

/** In-process queries hold a slot until the first bytes, isolated ones until the end. */
function fairReader(store: StoreReader, queues: Queues, unread: UnreadAnswers): StoreReader {
  const queued = async <Answer>(signal: AbortSignal, run: (onProgress: OnProgress | undefined) => Promise<Answer>) => {
    const queue = isSmall.getStore() === true ? queues.small : queues.questions
    const work = currentWork()?.begin()
    let done: (() => void) | undefined
    try {
      done = await queue.enter(currentUser.getStore() ?? '', signal)
      work?.start()
      return await run(work?.onProgress)
    } finally {
      done?.()
      work?.end()
    }
  }
  return {
    query: (sql, format, signal) => queued(signal, (onProgress) => store.query(sql, format, signal, onProgress)),
    ...(store.isolated === undefined
      ? {}
      : {
          isolated: async (query: IsolatedQuery, given: AbortSignal) => {
            const queue = queues[query.bound]
            const user = currentUser.getStore() ?? ''
            const ended = new AbortController()
            const signal = AbortSignal.any([given, ended.signal])
            const work = currentWork()?.begin()
            let slot: Slot | undefined
            try {
              slot = new Slot(queue, user, await queue.enter(user, signal))
              signal.addEventListener('abort', () => slot?.leave(), { once: true })
              work?.start()
              const answer = await store.isolated!(query, signal, work?.onProgress)
              return untilEnd(unread.pass(answer, slot, ended), () => work?.end())
            } catch (error) {
              slot?.leave()
              work?.end()
              throw error
            }
          },
        }),
    ...(store.dialect === undefined ? {} : { dialect: store.dialect }),
    edges: (query, signal) => queued(signal, (onProgress) => store.edges(query, signal, onProgress)),
    ...(store.fresh === undefined ? {} : { fresh: () => store.fresh!() }),
    ...(store.sums === undefined ? {} : { sums: () => store.sums!() }),
  }
}

async function* untilEnd(answer: IsolatedResult, end: () => void): AsyncGenerator<Uint8Array, number | undefined> {
  try {
    return yield* answer as AsyncGenerator<Uint8Array, number | undefined>
  } finally {
    end()
  }
}

/** Released while the client does not read. */
class Slot {
  readonly #queue: FairQueue
  readonly #user: string
  #leave: () => void

  constructor(queue: FairQueue, user: string, leave: () => void) {
    this.#queue = queue
    this.#user = user
    this.#leave = leave
  }

  leave(): void {
    this.#leave()
  }

  resume(): void {
    this.#leave = this.#queue.resume(this.#user)
  }
}

const unreadAfterMs = 1000
const maxUnread = 4

class UnreadAnswers {
  readonly #timers: Timers
  readonly #answers = new Set<AbortController>()

  constructor(timers: Timers) {
    this.#timers = timers
  }

  async *pass(
    answer: IsolatedResult,
    slot: Slot,
    ended: AbortController,
  ): AsyncGenerator<Uint8Array, number | undefined> {
    const iterator = answer[Symbol.asyncIterator]() as AsyncIterator<Uint8Array, number | undefined>
    let whole = false
    try {
      for (;;) {
        const step = await iterator.next()
        if (step.done === true) {
          whole = true
          return step.value
        }
        const timer = this.#timers.after(unreadAfterMs, () => {
          slot.leave()
          this.#add(ended)
        })
        try {
          yield step.value
        } finally {
          timer.cancel()
        }
        if (this.#answers.delete(ended) && !ended.signal.aborted) slot.resume()
      }
    } finally {
      this.#answers.delete(ended)
      slot.leave()
      if (!whole) await iterator.return?.()
    }
  }

  #add(ended: AbortController) {
    this.#answers.add(ended)
    const [oldest] = this.#answers
    if (this.#answers.size <= maxUnread || oldest === undefined) return
    this.#answers.delete(oldest)
    oldest.abort(
      new WeirError(
        'WEIR_SQL_TIMEOUT',
        'The client did not read the rows of the query, and a newer query needed its process; the query was ended.',
      ),
    )
  }
}
