import type { ServiceBusReceivedMessage, ServiceBusReceiver } from '@azure/service-bus'

/** A message and the link that holds its lock. */
export interface Handle {
  readonly message: ServiceBusReceivedMessage
  readonly receiver: ServiceBusReceiver
}

/** Received messages that were not pulled yet. */
export class Inbox {
  #waiting: { readonly handle: Handle; readonly taken: () => void }[] = []
  #failed: { readonly error: unknown } | undefined
  #wake: () => void = () => undefined

  /** Resolves when the message was pulled; applies backpressure to the receiver. */
  put(handle: Handle): Promise<void> {
    return new Promise((taken) => {
      this.#waiting.push({ handle, taken })
      this.#wake()
    })
  }

  /** Ends reception. */
  fail(error: unknown): void {
    this.#failed ??= { error }
    this.#wake()
  }

  /**
   * At least one message; none when the signal aborts. After `fail`, rejects with its error once the inbox is empty.
   */
  async next(signal: AbortSignal): Promise<readonly Handle[]> {
    while (this.#waiting.length === 0 && this.#failed === undefined && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      signal.addEventListener('abort', resolve as () => void, { once: true })
      await promise
      signal.removeEventListener('abort', resolve as () => void)
    }
    if (this.#waiting.length === 0 && this.#failed !== undefined) throw this.#failed.error
    return this.rest()
  }

  /** Removes and returns all messages. */
  rest(): readonly Handle[] {
    const all = this.#waiting
    this.#waiting = []
    for (const { taken } of all) taken()
    return all.map(({ handle }) => handle)
  }
}
