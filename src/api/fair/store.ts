import { AsyncLocalStorage } from 'node:async_hooks'
import type { Control, IsolatedAnswer, IsolatedQuery, StoreReader } from '../../engine/control.ts'
import { FairQueue, type FairLimits } from './queue.ts'

/** Who asks: known to everything that is done for a request. */
const asker = new AsyncLocalStorage<string>()

/** Does something for a user; what it begins is done for the same. */
export function askedBy<Answer>(user: string, act: () => Answer): Answer {
  return asker.run(user, act)
}

/** The same control, whose store answers users by turns. */
export function fairly(control: Control, limits: FairLimits, exportsAtOnce: number): Control {
  const queues: Queues = { questions: new FairQueue(limits), work: new FairQueue(limits), wait: new FairQueue({ ...limits, atOnce: exportsAtOnce }) }
  const known = new WeakMap<StoreReader, StoreReader>()
  const fair = (store: StoreReader): StoreReader => {
    let reader = known.get(store)
    if (reader === undefined) known.set(store, (reader = fairReader(store, queues)))
    return reader
  }
  return new Proxy(control, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (name === 'store') return value === undefined ? undefined : fair(value as StoreReader)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

/** Questions that the store's own thread answers, and by what bounds them those that have a process each. */
type Queues = Readonly<Record<'questions' | IsolatedQuery['bound'], FairQueue>>

/** A turn lasts until the first bytes are there: an answer that somebody reads slowly keeps nobody waiting. With a process it lasts as long as that. */
function fairReader(store: StoreReader, queues: Queues): StoreReader {
  const inTurn = async <Answer>(signal: AbortSignal, ask: () => Promise<Answer>): Promise<Answer> => {
    const done = await queues.questions.enter(asker.getStore() ?? '', signal)
    try {
      return await ask()
    } finally {
      done()
    }
  }
  return {
    query: (sql, format, signal) => inTurn(signal, () => store.query(sql, format, signal)),
    ...(store.isolated === undefined ? {} : {
      isolated: async (query: IsolatedQuery, signal: AbortSignal) => {
        const done = await queues[query.bound].enter(asker.getStore() ?? '', signal)
        signal.addEventListener('abort', done, { once: true })
        try {
          return untilEnd(await (store.isolated as NonNullable<StoreReader['isolated']>)(query, signal), done)
        } catch (error) {
          done()
          throw error
        }
      },
    }),
    edges: (asked, signal) => inTurn(signal, () => store.edges(asked, signal)),
    ...(store.fresh === undefined ? {} : { fresh: () => (store.fresh as NonNullable<StoreReader['fresh']>)() }),
    ...(store.sums === undefined ? {} : { sums: () => (store.sums as NonNullable<StoreReader['sums']>)() }),
  }
}

async function* untilEnd(answer: IsolatedAnswer, done: () => void): AsyncGenerator<Uint8Array, number | undefined> {
  try {
    return yield* answer as AsyncGenerator<Uint8Array, number | undefined>
  } finally {
    done()
  }
}
