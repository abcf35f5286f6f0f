type LineFormat = 'csv' | 'ndjson'

const [quote, lineFeed] = [0x22, 0x0a]

/** Line ends inside quotes do not end a record. */
export class RecordCount {
  readonly #csv: boolean
  #quoted = false
  #lines = 0

  constructor(format: LineFormat) {
    this.#csv = format === 'csv'
  }

  take(bytes: Uint8Array): void {
    let quoted = this.#quoted
    let lines = 0
    if (!this.#csv) {
      for (let at = bytes.indexOf(lineFeed); at >= 0; at = bytes.indexOf(lineFeed, at + 1)) lines++
    } else if (!quoted && !bytes.includes(quote)) {
      for (let at = bytes.indexOf(lineFeed); at >= 0; at = bytes.indexOf(lineFeed, at + 1)) lines++
    } else {
      for (let at = 0; at < bytes.length; at++) {
        const byte = bytes[at]
        if (byte === quote) quoted = !quoted
        else if (byte === lineFeed && !quoted) lines++
      }
    }
    this.#quoted = quoted
    this.#lines += lines
  }

  get rows(): number {
    return Math.max(0, this.#lines - (this.#csv ? 1 : 0))
  }
}
