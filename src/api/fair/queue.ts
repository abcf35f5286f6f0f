import { ApiError } from '../problems.ts'

export type FairLimits = Readonly<{
  atOnce: number
  waitingPerUser: number
  waiting: number
}>

interface Waiting {
  readonly go: () => void
}

/** Others are queued, in order per user and round-robin among users. */
export class FairQueue {
  readonly #limits: FairLimits
  readonly #running = new Map<string, number>()
  readonly #waiting = new Map<string, Waiting[]>()
  #busy = 0
  #waits = 0

  constructor(limits: FairLimits) {
    this.#limits = limits
  }

  /** Resolves when the query may run, with a function to call at its end. */
  async enter(user: string, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted()
    if (this.#busy >= this.#limits.atOnce) await this.#wait(user, signal)
    else this.#begin(user)
    return this.#leaving(user)
  }

  resume(user: string): () => void {
    this.#begin(user)
    return this.#leaving(user)
  }

  #leaving(user: string): () => void {
    let left = false
    return () => {
      if (left) return
      left = true
      this.#end(user)
    }
  }

  #begin(user: string) {
    this.#busy++
    this.#running.set(user, (this.#running.get(user) ?? 0) + 1)
  }

  #wait(user: string, signal: AbortSignal): Promise<void> {
    const queued = this.#waiting.get(user) ?? []
    const { waiting, waitingPerUser } = this.#limits
    const full =
      queued.length >= waitingPerUser
        ? `${waitingPerUser} waiting queries of one user`
        : this.#waits >= waiting
          ? `${waiting} waiting queries`
          : undefined
    if (full !== undefined) {
      throw new ApiError('WEIR_API_LIMIT', `The limit of the store is reached: ${full}.`, {
        headers: { 'retry-after': '5' },
        hints: [
          'Wait for a response before the next query, use a shorter time range, or cancel queries that are ' +
            'no longer needed.',
        ],
      })
    }
    return new Promise((resolve, reject) => {
      const aborted = () => {
        this.#leave(user, entry)
        reject(signal.reason as Error)
      }
      const entry: Waiting = {
        go: () => {
          signal.removeEventListener('abort', aborted)
          resolve()
        },
      }
      queued.push(entry)
      this.#waits++
      this.#waiting.set(user, queued)
      signal.addEventListener('abort', aborted, { once: true })
    })
  }

  #leave(user: string, entry: Waiting) {
    const queued = this.#waiting.get(user) ?? []
    queued.splice(queued.indexOf(entry), 1)
    this.#waits--
    if (queued.length === 0) this.#waiting.delete(user)
  }

  #end(user: string) {
    this.#busy--
    const running = (this.#running.get(user) ?? 1) - 1
    if (running === 0) this.#running.delete(user)
    else this.#running.set(user, running)
    if (this.#busy >= this.#limits.atOnce) return
    // The longest waiting user with the fewest running queries.
    let next: string | undefined
    for (const key of this.#waiting.keys())
      if (next === undefined || (this.#running.get(key) ?? 0) < (this.#running.get(next) ?? 0)) next = key
    if (next === undefined) return
    const queued = this.#waiting.get(next) ?? []
    const entry = queued[0]
    if (entry === undefined) return
    this.#leave(next, entry)
    if (queued.length > 0) {
      this.#waiting.delete(next)
      this.#waiting.set(next, queued)
    }
    this.#begin(next)
    entry.go()
  }
}
