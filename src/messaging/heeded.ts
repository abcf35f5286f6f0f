/** Signals that many wait under: each is listened to once, since a listener for each that waits costs more than a message does. */
export class Heeded {
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
