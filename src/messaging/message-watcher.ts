export class MessageWatcher {
  readonly #seen: string[] = []
  #wake = (): void => undefined

  add(body: Uint8Array | string): void {
    this.#seen.push(
      typeof body === 'string' ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString(),
    )
    this.#wake()
  }

  async has(text: string, signal: AbortSignal): Promise<boolean> {
    for (;;) {
      if (this.#seen.some((body) => body.includes(text))) return true
      if (signal.aborted) return false
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      signal.addEventListener('abort', () => resolve(), { once: true })
      await promise
    }
  }
}
