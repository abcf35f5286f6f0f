import { self } from '../host/process.ts'

/**
 * Standard output for long answers: written as fast as its reader takes it. A reader that has enough (`| head`) is no
 * error: `write` then answers false, and there is no sense in going on.
 */
export class Output {
  #closed = false

  constructor() {
    process.stdout.once('error', () => {
      this.#closed = true
    })
  }

  async write(bytes: Uint8Array | string): Promise<boolean> {
    const out = process.stdout
    if (this.#closed) return false
    if (!out.write(bytes)) {
      await new Promise<void>((resolve) => {
        out.once('drain', resolve).once('error', () => resolve()).once('close', resolve)
      })
    }
    return !this.#closed
  }
}

/** One line on standard error that says how far a long work is; silent where nobody watches. */
export class Progress {
  readonly #what: string
  readonly #total: number
  readonly #visible = process.stderr.isTTY === true
  #done = 0
  #shown = -1

  /** `total` in bytes. */
  constructor(what: string, total: number) {
    this.#what = what
    this.#total = total
  }

  add(bytes: number): void {
    this.#done += bytes
    const percent = this.#total === 0 ? 100 : Math.min(100, Math.floor((100 * this.#done) / this.#total))
    if (!this.#visible || percent === this.#shown) return
    this.#shown = percent
    self.stderr(`\r${this.#what} ${percent} %`)
  }

  end(): void {
    if (this.#visible && this.#shown >= 0) self.stderr('\r\x1b[K')
  }
}

/** 1234567 → `1.2 MiB`. */
export function sizeText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10))
  const value = bytes / 1024 ** power
  return `${value.toFixed(power === 0 || value >= 100 ? 0 : 1)} ${units[power] ?? 'B'}`
}
