/** Sessions, several at once: each is locked for us, read in order, and left when it has no more or was read for long. */
import type { ServiceBusSessionReceiver } from '@azure/service-bus'
import type { SourceContext } from '../../engine/contracts.ts'
import { codeOf } from './client-errors.ts'
import type { Handle, Inbox } from './client-inbox.ts'

/** A session without messages for so long is left. */
const idleMs = 1000
/** Others have their turn then. */
const turnMs = 30_000
const lookMs = 50
/** The library renews the lock of a session for so long. */
const renewMs = 24 * 3_600_000

export interface SessionOptions {
  /** Most sessions at once. */
  readonly session_count: number
  /** Most messages of a session that were not asked for yet. */
  readonly prefetch: number
}

type Accept = (options: {
  readonly maxAutoLockRenewalDurationInMs: number
  readonly abortSignal: AbortSignal
}) => Promise<ServiceBusSessionReceiver>

export class Sessions {
  readonly #options: SessionOptions
  readonly #host: SourceContext['host']
  readonly #accept: Accept
  readonly #inbox: Inbox
  readonly #stop = new AbortController()
  /** Messages that are neither completed nor given back, by their session. */
  readonly #open = new Map<unknown, number>()
  readonly #reading = new Set<Promise<void>>()

  constructor(options: SessionOptions, host: SourceContext['host'], accept: Accept, inbox: Inbox) {
    this.#options = options
    this.#host = host
    this.#accept = accept
    this.#inbox = inbox
  }

  begin(): void {
    for (let count = 0; count < this.#options.session_count; count++) {
      this.#work().catch((error: unknown) => {
        this.#stop.abort()
        this.#inbox.fail(error)
      })
    }
  }

  settled(handles: readonly Handle[]): void {
    for (const { receiver } of handles) {
      const open = this.#open.get(receiver)
      if (open !== undefined) this.#open.set(receiver, open - 1)
    }
  }

  /** Leaves all sessions: what was locked is to be had again. */
  async end(): Promise<void> {
    this.#stop.abort()
    this.#inbox.rest()
    await Promise.allSettled(this.#reading)
  }

  async #work(): Promise<void> {
    const signal = this.#stop.signal
    while (!signal.aborted) {
      let session
      try {
        session = await this.#accept({ maxAutoLockRenewalDurationInMs: renewMs, abortSignal: signal })
      } catch (error) {
        if (signal.aborted) return
        // There was none to be had.
        if (codeOf(error) === 'ServiceTimeout' || codeOf(error) === 'SessionCannotBeLocked') continue
        throw error
      }
      const reading = this.#readAndLeave(session, signal)
      this.#reading.add(reading)
      try {
        await reading
      } finally {
        this.#reading.delete(reading)
        this.#open.delete(session)
      }
    }
  }

  async #readAndLeave(session: ServiceBusSessionReceiver, signal: AbortSignal): Promise<void> {
    try {
      await this.#read(session, signal)
    } finally {
      await session.close().catch(() => undefined)
    }
  }

  /** Until it is empty, or its turn is over, and nothing of it waits for the journal. */
  async #read(session: ServiceBusSessionReceiver, signal: AbortSignal): Promise<void> {
    const { clock, timers } = this.#host
    const begun = clock.monotonic()
    let last = begun
    let problem: Error | undefined
    this.#open.set(session, 0)
    const subscription = session.subscribe(
      {
        processMessage: (message) => {
          last = clock.monotonic()
          this.#open.set(session, (this.#open.get(session) ?? 0) + 1)
          return this.#inbox.put({ message, receiver: session })
        },
        processError({ error }) {
          problem ??= error
          return Promise.resolve()
        },
      },
      { autoCompleteMessages: false, maxConcurrentCalls: this.#options.prefetch },
    )
    let ending: Promise<void> | undefined
    while (!signal.aborted && !session.isClosed && problem === undefined) {
      const now = clock.monotonic()
      if (now - begun > turnMs) ending ??= subscription.close().catch(() => undefined)
      if ((this.#open.get(session) ?? 0) <= 0 && now - last > (ending === undefined ? idleMs : 2 * lookMs)) break
      await timers.sleep(lookMs, signal)
    }
    await ending
    // What we had of a session whose lock is lost comes again, and so does the session.
    if (problem !== undefined && codeOf(problem) !== 'SessionLockLost' && !signal.aborted) throw problem
  }
}
