import type { Writable } from 'node:stream'

/** Writes lines to a stream whose reader may be slow or gone. */
export class LineStream {
  readonly #stream: Writable

  constructor(stream: Writable) {
    this.#stream = stream
    // The write that meets a broken pipe reports it; without a handler the error would end the process.
    stream.on('error', ignore)
  }

  /** Resolves when the operating system accepted the lines. */
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
  // The callback of the write has the error.
}
