/** Records of CSV (RFC 4180), with the line on which each begins. */

export type CsvRecord = Readonly<{ line: number; values: readonly string[] }>

/** One value of a record may not be longer. */
const maxValue = 1 << 20

export class CsvError extends Error {}

export class CsvReader {
  readonly #delimiter: number
  readonly #decoder = new TextDecoder('utf-8', { fatal: true })
  #text = ''
  #value = ''
  #values: string[] = []
  #line = 1
  #begin = 1
  /** `after`: a quote was read within a quoted value. */
  #state: 'start' | 'plain' | 'quoted' | 'after' = 'start'

  constructor(delimiter = ',') {
    this.#delimiter = delimiter.charCodeAt(0)
  }

  *push(bytes: Uint8Array): Generator<CsvRecord> {
    this.#text = this.#decoder.decode(bytes, { stream: true })
    yield* this.#read()
  }

  /** Throws a CsvError if the text ends within a quoted value. */
  *end(): Generator<CsvRecord> {
    this.#text = this.#decoder.decode()
    yield* this.#read()
    if (this.#state === 'quoted') throw new CsvError(`The quoted value that begins on line ${this.#begin} has no end.`)
    if (this.#state !== 'start' || this.#values.length > 0) yield this.#record()
  }

  *#read(): Generator<CsvRecord> {
    const text = this.#text
    for (let at = 0; at < text.length;) {
      if (this.#state === 'quoted') {
        const end = text.indexOf('"', at)
        const part = text.slice(at, end < 0 ? undefined : end)
        this.#add(part)
        for (let from = part.indexOf('\n'); from >= 0; from = part.indexOf('\n', from + 1)) this.#line++
        if (end < 0) return
        this.#state = 'after'
        at = end + 1
        continue
      }
      const code = text.charCodeAt(at)
      if (code === 34 && this.#state === 'after') {
        this.#value += '"'
        this.#state = 'quoted'
      } else if (code === 34 && this.#state === 'start') this.#state = 'quoted'
      else if (code === this.#delimiter) this.#endValue()
      else if (code === 10) {
        const isEmpty = this.#state === 'start' && this.#values.length === 0
        this.#line++
        if (isEmpty) this.#begin = this.#line
        else yield this.#record()
      } else if (code === 13 && (at + 1 === text.length || text.charCodeAt(at + 1) === 10)) {
        // Of the end of a line.
      } else {
        let end = at + 1
        for (; end < text.length; end++) {
          const next = text.charCodeAt(end)
          if (next === this.#delimiter || next === 10 || next === 13 || next === 34) break
        }
        this.#add(text.slice(at, end))
        this.#state = 'plain'
        at = end
        continue
      }
      at++
    }
  }

  #add(part: string): void {
    this.#value += part
    if (this.#value.length > maxValue) throw new CsvError(`A value on line ${this.#line} is longer than 1 MiB.`)
  }

  #endValue(): void {
    this.#values.push(this.#value)
    this.#value = ''
    this.#state = 'start'
  }

  #record(): CsvRecord {
    this.#endValue()
    const record = { line: this.#begin, values: this.#values }
    this.#values = []
    this.#begin = this.#line
    return record
  }
}
