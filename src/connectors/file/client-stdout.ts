import type { Writable } from 'node:stream'

export class LineStream {
  readonly #stream: Writable

  constructor(stream: Writable) {
    this.#stream = stream
    // Without a handler the error would end the process.
    stream.on('error', ignore)
  }

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

function ignore() {}
