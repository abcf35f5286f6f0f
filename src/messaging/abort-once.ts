/** One abort listener per signal for many waiters: a listener per waiter costs more than a message. */
export class AbortOnce {
  readonly #known = new WeakSet<AbortSignal>()
  readonly #onAbort: (signal: AbortSignal) => void

  constructor(onAbort: (signal: AbortSignal) => void) {
    this.#onAbort = onAbort
  }

  heed(signal: AbortSignal): void {
    if (this.#known.has(signal)) return
    this.#known.add(signal)
    signal.addEventListener(
      'abort',
      () => {
        this.#onAbort(signal)
      },
      { once: true },
    )
  }
}
