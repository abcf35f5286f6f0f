import { ApiError } from '../problems.ts'

export interface FairLimits {
  /** Questions that are worked on at a time. */
  readonly atOnce: number
  /** Questions that wait: of one user, and in all. */
  readonly waitingPerUser: number
  readonly waiting: number
}

interface Waiting {
  readonly go: () => void
}

/**
 * Lets so many questions be worked on at a time. Others wait, each user's in their order, and users by turns: whoever asks ten heavy ones
 * at once waits for his own, and everybody else for one of them at most.
 */
export class FairQueue {
  readonly #limits: FairLimits
  readonly #running = new Map<string, number>()
  /** In the order in which users have their turn. */
  readonly #waiting = new Map<string, Waiting[]>()
  #busy = 0
  #waits = 0

  constructor(limits: FairLimits) {
    this.#limits = limits
  }

  /**
   * Resolves when it is this user's turn, with what is to be called when the work is done. Rejects with WEIR_API_LIMIT when too many wait
   * already, and with the signal's reason when who asked has gone.
   */
  async enter(user: string, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted()
    if (this.#busy >= this.#limits.atOnce) await this.#wait(user, signal)
    else this.#begin(user)
    return this.#leaving(user)
  }

  /** Continues work that had left its turn, without waiting: for a moment more than the limit may be worked on. */
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

  #begin(user: string): void {
    this.#busy++
    this.#running.set(user, (this.#running.get(user) ?? 0) + 1)
  }

  #wait(user: string, signal: AbortSignal): Promise<void> {
    const mine = this.#waiting.get(user) ?? []
    const { waiting, waitingPerUser } = this.#limits
    const full =
      mine.length >= waitingPerUser
        ? `${waitingPerUser} waiting queries of one user`
        : this.#waits >= waiting
          ? `${waiting} waiting queries`
          : undefined
    if (full !== undefined) {
      throw new ApiError('WEIR_API_LIMIT', `The limit of the store is reached: ${full}.`, {
        headers: { 'retry-after': '5' },
        hints: [
          'Wait for a response before the next query, use a shorter time range, or cancel queries that are no longer needed.',
        ],
      })
    }
    return new Promise((resolve, reject) => {
      const aborted = (): void => {
        this.#leave(user, entry)
        reject(signal.reason as Error)
      }
      const entry: Waiting = {
        go: () => {
          signal.removeEventListener('abort', aborted)
          resolve()
        },
      }
      mine.push(entry)
      this.#waits++
      this.#waiting.set(user, mine)
      signal.addEventListener('abort', aborted, { once: true })
    })
  }

  #leave(user: string, entry: Waiting): void {
    const mine = this.#waiting.get(user) ?? []
    mine.splice(mine.indexOf(entry), 1)
    this.#waits--
    if (mine.length === 0) this.#waiting.delete(user)
  }

  #end(user: string): void {
    this.#busy--
    const running = (this.#running.get(user) ?? 1) - 1
    if (running === 0) this.#running.delete(user)
    else this.#running.set(user, running)
    if (this.#busy >= this.#limits.atOnce) return
    // Of those who have least under way, whoever waits longest for a turn.
    let next: string | undefined
    for (const other of this.#waiting.keys())
      if (next === undefined || (this.#running.get(other) ?? 0) < (this.#running.get(next) ?? 0)) next = other
    if (next === undefined) return
    const mine = this.#waiting.get(next) ?? []
    const entry = mine[0]
    if (entry === undefined) return
    this.#leave(next, entry)
    if (mine.length > 0) {
      this.#waiting.delete(next)
      this.#waiting.set(next, mine)
    }
    this.#begin(next)
    entry.go()
  }
}
