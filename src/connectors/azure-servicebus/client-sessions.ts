/** A session is locked and read in order until it is empty or its time slice ends. */
import type { ServiceBusSessionReceiver } from '@azure/service-bus'
import type { SourceContext } from '../../engine/contracts.ts'
import { codeOf } from './client-errors.ts'
import type { Handle, Inbox } from './client-inbox.ts'

const idleMs = 1000
const sliceMs = 30_000
const checkMs = 50
const renewMs = 24 * 3_600_000

type SessionOptions = Readonly<{
  session_count: number
  prefetch: number
}>

type Accept = (
  options: Readonly<{ maxAutoLockRenewalDurationInMs: number; abortSignal: AbortSignal }>,
) => Promise<ServiceBusSessionReceiver>

export class Sessions {
  readonly #options: SessionOptions
  readonly #host: SourceContext['host']
  readonly #accept: Accept
  readonly #inbox: Inbox
  readonly #stop = new AbortController()
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

  async end(): Promise<void> {
    this.#stop.abort()
    this.#inbox.rest()
    await Promise.allSettled(this.#reading)
  }

  async #work() {
    const signal = this.#stop.signal
    while (!signal.aborted) {
      let session
      try {
        session = await this.#accept({ maxAutoLockRenewalDurationInMs: renewMs, abortSignal: signal })
      } catch (error) {
        if (signal.aborted) return
        if (codeOf(error) === 'ServiceTimeout' || codeOf(error) === 'SessionCannotBeLocked') continue
        throw error
      }
      const reading = this.#readAndClose(session, signal)
      this.#reading.add(reading)
      try {
        await reading
      } finally {
        this.#reading.delete(reading)
        this.#open.delete(session)
      }
    }
  }

  async #readAndClose(session: ServiceBusSessionReceiver, signal: AbortSignal) {
    try {
      await this.#read(session, signal)
    } finally {
      await session.close().catch(() => undefined)
    }
  }

  async #read(session: ServiceBusSessionReceiver, signal: AbortSignal) {
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
      if (now - begun > sliceMs) ending ??= subscription.close().catch(() => undefined)
      if ((this.#open.get(session) ?? 0) <= 0 && now - last > (ending === undefined ? idleMs : 2 * checkMs)) break
      await timers.sleep(checkMs, signal)
    }
    await ending
    if (problem !== undefined && codeOf(problem) !== 'SessionLockLost' && !signal.aborted) throw problem
  }
}
