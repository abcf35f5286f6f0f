import type { CellsOf, RowChunk } from './formats.ts'

const maxMeasuredRows = 2048
const widest = 60

export class TableFormatter<Chunk extends RowChunk> {
  readonly #cells: CellsOf<Chunk>
  readonly #names: readonly string[]
  #widths: number[] | undefined
  #right: boolean[] = []
  #held: string[][] = []
  #rows = 0

  constructor(names: readonly string[], cells: CellsOf<Chunk>) {
    this.#cells = cells
    this.#names = names
  }

  begin(): string {
    return ''
  }

  *rows(chunk: Chunk): Generator<string, void, undefined> {
    const columns = this.#cells(chunk)
    const rows: string[][] = []
    for (let row = 0; row < chunk.rowCount; row++) rows.push(columns.map((cells) => cells[row] ?? 'null'))
    this.#rows += rows.length
    if (this.#widths !== undefined) {
      for (const row of rows) yield this.#line(row.map(cellText))
      return
    }
    this.#held.push(...rows)
    if (this.#held.length >= maxMeasuredRows) yield this.#measure()
  }

  end(): string {
    const text = this.#widths === undefined ? this.#measure() : ''
    return `${text}(${this.#rows} ${this.#rows === 1 ? 'row' : 'rows'})\n`
  }

  #measure(): string {
    const rows = this.#held
    this.#held = []
    const texts = this.#names.map((_, column) => rows.map((row) => cellText(row[column])))
    this.#right = this.#names.map(
      (_, column) => rows.length > 0 && rows.every((row) => row[column] === 'null' || /^-?\d/.test(row[column] ?? '')),
    )
    const widths = this.#names.map((name, column) =>
      Math.max(name.length, ...(texts[column] ?? []).map((text) => Math.min(widest, text.length))),
    )
    this.#widths = widths
    const header = this.#line(this.#names)
    return `${header}${widths.map((width) => '─'.repeat(width)).join('  ')}\n${this.#lines(rows)}`
  }

  #lines(rows: readonly (readonly string[])[]) {
    return rows.map((row) => this.#line(row.map(cellText))).join('')
  }

  #line(texts: readonly string[]): string {
    const widths = this.#widths ?? []
    return `${texts
      .map((text, column) =>
        this.#right[column] === true ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd()}\n`
  }
}

/** Control characters could drive a terminal. */
function cellText(json: string | undefined) {
  if (json === undefined || json === 'null') return ''
  const text = json.startsWith('"') ? (JSON.parse(json) as string) : json
  return text.replace(/\p{Cc}/gu, (match) => `\\u${match.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
