import type { ServiceBusReceivedMessage, ServiceBusReceiver } from '@azure/service-bus'

export type Handle = Readonly<{
  message: ServiceBusReceivedMessage
  receiver: ServiceBusReceiver
}>

export class Inbox {
  #waiting: Readonly<{ handle: Handle; taken: () => void }>[] = []
  #failed: { readonly error: unknown } | undefined
  #wake: () => void = () => undefined

  put(handle: Handle): Promise<void> {
    return new Promise((taken) => {
      this.#waiting.push({ handle, taken })
      this.#wake()
    })
  }

  fail(error: unknown): void {
    this.#failed ??= { error }
    this.#wake()
  }

  /** At least one message; none at an abort. After `fail`, rejects once empty. */
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

  rest(): readonly Handle[] {
    const all = this.#waiting
    this.#waiting = []
    for (const { taken } of all) taken()
    return all.map(({ handle }) => handle)
  }
}
