import { currentWork, type Work } from '../../work.ts'

interface Run<Answer> {
  readonly began: number
  readonly answer: Promise<Answer>
  readonly ended: AbortController
  /** Work of the request that began the run. */
  readonly work: Work | undefined
  waiting: number
}

/** A joined answer arrives before one that began later, and its rows are no older then. Ranges end at most so early. */
const defaultJoinedMs = 10_000

/**
 * Requests with the same key share a run that began at most so long ago. It ends with the last of its clients. If it
 * fails, the clients that joined it have one more run.
 */
export class SharedRuns<Answer> {
  readonly #runs = new Map<string, Run<Answer>>()
  readonly #joinedMs: number

  constructor(joinedMs = defaultJoinedMs) {
    this.#joinedMs = joinedMs
  }

  /** Rejects when the signal aborts. `now`: monotonic ms. */
  async join(
    key: string,
    { now, signal }: Readonly<{ now: number; signal: AbortSignal }>,
    begin: (signal: AbortSignal) => Promise<Answer>,
  ): Promise<Answer> {
    for (let failed = false; ; failed = true) {
      signal.throwIfAborted()
      const run = this.#runs.get(key)
      const joined = run !== undefined && now - run.began <= this.#joinedMs ? run : undefined
      try {
        return await this.#wait(key, joined ?? this.#begin(key, now, begin), signal)
      } catch (error) {
        // Its cause can be the client that began it, for example the limit of that user.
        if (signal.aborted || joined === undefined || failed) throw error
      }
    }
  }

  async #wait(key: string, run: Run<Answer>, signal: AbortSignal): Promise<Answer> {
    run.waiting++
    if (run.work !== undefined) currentWork()?.join(run.work)
    const { promise, reject } = Promise.withResolvers<never>()
    const leave = () => reject(signal.reason as Error)
    signal.addEventListener('abort', leave, { once: true })
    try {
      return await Promise.race([run.answer, promise])
    } finally {
      signal.removeEventListener('abort', leave)
      if (--run.waiting === 0) this.#end(key, run)
    }
  }

  #begin(key: string, began: number, begin: (signal: AbortSignal) => Promise<Answer>): Run<Answer> {
    const ended = new AbortController()
    const run: Run<Answer> = { began, ended, work: currentWork(), waiting: 0, answer: begin(ended.signal) }
    this.#runs.set(key, run)
    const settled = () => this.#forget(key, run)
    run.answer.then(settled, settled)
    return run
  }

  #end(key: string, run: Run<Answer>) {
    this.#forget(key, run)
    run.ended.abort()
  }

  #forget(key: string, run: Run<Answer>) {
    if (this.#runs.get(key) === run) this.#runs.delete(key)
  }
}
