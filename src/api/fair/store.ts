import { AsyncLocalStorage } from 'node:async_hooks'
import type { Control, StoreReader } from '../../engine/control.ts'
import { FairQueue, type FairLimits } from './queue.ts'

/** Who asks: known to everything that is done for a request. */
const asker = new AsyncLocalStorage<string>()

/** Does something for a user; what it begins is done for the same. */
export function askedBy<Answer>(user: string, act: () => Answer): Answer {
  return asker.run(user, act)
}

/** The same control, whose store answers users by turns. */
export function fairly(control: Control, limits: FairLimits): Control {
  const queue = new FairQueue(limits)
  const known = new WeakMap<StoreReader, StoreReader>()
  const fair = (store: StoreReader): StoreReader => {
    let reader = known.get(store)
    if (reader === undefined) known.set(store, (reader = fairReader(store, queue)))
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

/** A turn lasts until the first bytes are there: an answer that somebody reads slowly keeps nobody waiting. */
function fairReader(store: StoreReader, queue: FairQueue): StoreReader {
  const inTurn = async <Answer>(signal: AbortSignal, ask: () => Promise<Answer>): Promise<Answer> => {
    const done = await queue.enter(asker.getStore() ?? '', signal)
    try {
      return await ask()
    } finally {
      done()
    }
  }
  return {
    query: (sql, format, signal) => inTurn(signal, () => store.query(sql, format, signal)),
    edges: (asked, signal) => inTurn(signal, () => store.edges(asked, signal)),
    ...(store.sums === undefined ? {} : { sums: () => (store.sums as NonNullable<StoreReader['sums']>)() }),
  }
}
