/** One abort listener per signal, because a listener per waiter costs more than a message. */
export class AbortOnce {
  readonly #watched = new WeakSet<AbortSignal>()
  readonly #onAbort: (signal: AbortSignal) => void

  constructor(onAbort: (signal: AbortSignal) => void) {
    this.#onAbort = onAbort
  }

  watch(signal: AbortSignal): void {
    if (this.#watched.has(signal)) return
    this.#watched.add(signal)
    signal.addEventListener(
      'abort',
      () => {
        this.#onAbort(signal)
      },
      { once: true },
    )
  }
}
