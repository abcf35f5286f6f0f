/** The lines of a result, in chunks. */
import { ClickHouseError } from '../../net/clickhouse/errors.ts'
import { distinctNames } from '../read/cells.ts'
import type { RowChunk } from '../read/formats.ts'
import { writerOf } from './values.ts'

export const resultFormat = 'JSONCompactEachRowWithNamesAndTypes'

export interface ResultRows extends RowChunk {
  readonly rows: readonly (readonly unknown[])[]
}

const maxFailure = 4096

export class ResultLines {
  readonly #bytes: AsyncIterator<Uint8Array>
  readonly #text = new TextDecoder()
  #rest = ''
  #isOver = false
  names: readonly string[] = []
  #writers: readonly ((value: unknown) => string)[] = []

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#bytes = bytes[Symbol.asyncIterator]()
  }

  /** Reads the names and types. Rejects if the statement failed after the response had begun. */
  async open(): Promise<void> {
    const lines: (readonly unknown[])[] = []
    while (lines.length < 2) {
      const more = await this.#more(2 - lines.length)
      if (more === undefined) break
      lines.push(...more)
    }
    const [names = [], types = []] = lines
    this.names = distinctNames(names.map(String))
    this.#writers = types.map((type, column) => writerOf(String(type), this.names[column]))
  }

  async next(): Promise<ResultRows | undefined> {
    for (;;) {
      const rows = await this.#more(Infinity)
      if (rows === undefined) return undefined
      if (rows.length > 0) return { rowCount: rows.length, rows }
    }
  }

  cells({ rows }: ResultRows): string[][] {
    return this.#writers.map((write, column) => rows.map((row) => write(row[column] ?? null)))
  }

  async close(): Promise<void> {
    this.#isOver = true
    await this.#bytes.return?.()
  }

  /** At most so many complete lines that have arrived; undefined at the end. */
  async #more(most: number): Promise<(readonly unknown[])[] | undefined> {
    if (!this.#rest.includes('\n')) {
      if (this.#isOver) return undefined
      const step = await this.#bytes.next()
      this.#rest += step.done === true ? this.#text.decode() : this.#text.decode(step.value, { stream: true })
      if (step.done === true) {
        this.#isOver = true
        if (this.#rest.trim() !== '') this.#rest += '\n'
      }
    }
    const lines: (readonly unknown[])[] = []
    let from = 0
    for (let end; lines.length < most && (end = this.#rest.indexOf('\n', from)) >= 0; from = end + 1) {
      const line = this.#rest.slice(from, end)
      if (line === '' || line === '\r') continue
      lines.push(line.startsWith('[') ? (JSON.parse(line) as unknown[]) : await this.#failed(this.#rest.slice(from)))
    }
    this.#rest = this.#rest.slice(from)
    return lines.length === 0 && this.#isOver && this.#rest === '' ? undefined : lines
  }

  /** An exception after the first rows is in the body. */
  async #failed(begin: string): Promise<never> {
    let text = begin
    while (text.length < maxFailure && !this.#isOver) {
      const step = await this.#bytes.next()
      if (step.done === true) break
      text += this.#text.decode(step.value, { stream: true })
    }
    await this.close()
    const [, code, message = ''] = /Code: (\d+)\. (?:DB::Exception: )?([^]*)/.exec(text) ?? []
    if (code === undefined) throw new Error(`ClickHouse sent no row, but: ${text.slice(0, 300)}`)
    throw new ClickHouseError(Number(code), message.replaceAll(/\s+/g, ' ').trim())
  }
}
