import type { Writable } from 'node:stream'
import type { Timers } from '../../host/index.ts'

/**
 * Lines to a stream whose reader may be slow or gone. Lines handed to the stream can't be taken back, so after a
 * timeout nothing more is handed over until they are through; otherwise every retry would pile up behind them.
 */
export class LineStream {
  readonly #stream: Writable
  readonly #timers: Timers
  readonly #timeoutMs: number
  #stuck: Promise<void> | undefined

  constructor(stream: Writable, timeoutMs: number, timers: Timers) {
    this.#stream = stream
    this.#timers = timers
    this.#timeoutMs = timeoutMs
    // A broken pipe is told to the write that meets it; unheard it would end the process.
    stream.on('error', ignore)
  }

  /** Resolves when the system has taken the lines. Rejects in words for the user, at once when the signal aborts. */
  async write(lines: Uint8Array, signal: AbortSignal): Promise<void> {
    if (this.#stuck !== undefined) throw new Error('the reader of the output does not read what was written before')
    const written = new Promise<void>((resolve, reject) => {
      this.#stream.write(lines, (error) => { if (error == null) resolve(); else reject(error) })
    })
    await this.#within(written, signal)
  }

  close(): void {
    this.#stream.off('error', ignore)
  }

  async #within(written: Promise<void>, signal: AbortSignal): Promise<void> {
    const { promise: given, reject: giveUp } = Promise.withResolvers<never>()
    const waitOn = (reason: string): void => {
      const through = (): void => { this.#stuck = undefined }
      this.#stuck ??= written.then(through, through)
      giveUp(new Error(reason))
    }
    const timer = this.#timers.after(this.#timeoutMs, () => { waitOn(`the reader of the output took nothing for ${this.#timeoutMs} ms`) })
    const abort = (): void => { waitOn('the sink is stopping') }
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    try {
      await Promise.race([written, given])
    } finally {
      timer.cancel()
      signal.removeEventListener('abort', abort)
    }
  }
}

function ignore(): void {
  // The write's own callback has the error.
}
