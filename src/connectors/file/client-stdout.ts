import type { Writable } from 'node:stream'

/** Lines to a stream whose reader may be slow or gone. */
export class LineStream {
  readonly #stream: Writable

  constructor(stream: Writable) {
    this.#stream = stream
    // A broken pipe is told to the write that meets it; unheard it would end the process.
    stream.on('error', ignore)
  }

  /** Resolves when the system has taken the lines. */
  write(lines: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stream.write(lines, (error) => {
        if (error == null) resolve()
        else reject(error)
      })
    })
  }

  close(): void {
    this.#stream.off('error', ignore)
  }
}

function ignore(): void {
  // The write's own callback has the error.
}
