import type { QueryFormat } from '../../engine/control.ts'
import { TableFormatter } from './format-table.ts'
import { csvText } from '../../model/csv-text.ts'

export interface RowChunk {
  readonly rowCount: number
}

export type CellsOf<Chunk extends RowChunk> = (chunk: Chunk) => string[][]

/** Text is produced row by row, because a chunk can hold gigabytes. */
export interface Formatter<Chunk extends RowChunk> {
  begin(): string
  rows(chunk: Chunk): Iterable<string>
  end(): string
}

abstract class Rows<Chunk extends RowChunk> implements Formatter<Chunk> {
  protected readonly names: readonly string[]
  protected readonly cells: CellsOf<Chunk>

  constructor(names: readonly string[], cells: CellsOf<Chunk>) {
    this.names = names
    this.cells = cells
  }

  begin(): string {
    return ''
  }
  abstract rows(chunk: Chunk): Iterable<string>
  end(): string {
    return ''
  }
}

class NdjsonFormatter<Chunk extends RowChunk> extends Rows<Chunk> {
  readonly #keys: readonly string[]

  constructor(names: readonly string[], cells: CellsOf<Chunk>) {
    super(names, cells)
    this.#keys = names.map((name, index) => `${index === 0 ? '{' : ','}${JSON.stringify(name)}:`)
  }

  *rows(chunk: Chunk): Generator<string, void, undefined> {
    const cells = this.cells(chunk)
    const keys = this.#keys
    const { rowCount } = chunk
    for (let row = 0; row < rowCount; row++) {
      let text = ''
      for (let column = 0; column < keys.length; column++)
        text += (keys[column] ?? '') + (cells[column]?.[row] ?? 'null')
      yield this.line(`${text}}`)
    }
  }

  protected line(object: string): string {
    return `${object}\n`
  }
}

class JsonFormatter<Chunk extends RowChunk> extends NdjsonFormatter<Chunk> {
  #first = true

  override begin(): string {
    return '['
  }
  protected override line(object: string): string {
    const text = (this.#first ? '\n' : ',\n') + object
    this.#first = false
    return text
  }
  override end(): string {
    return this.#first ? ']\n' : '\n]\n'
  }
}

/** RFC 4180. Absent values are empty, an empty text is `""`. */
class CsvFormatter<Chunk extends RowChunk> extends Rows<Chunk> {
  override begin(): string {
    return `${this.names.map((name) => csvText(name)).join(',')}\r\n`
  }
  *rows(chunk: Chunk): Generator<string, void, undefined> {
    const cells = this.cells(chunk)
    const { rowCount } = chunk
    for (let row = 0; row < rowCount; row++) {
      let text = ''
      for (let column = 0; column < cells.length; column++) {
        if (column > 0) text += ','
        text += csvCell(cells[column]?.[row] ?? 'null')
      }
      yield `${text}\r\n`
    }
  }
}

function csvCell(json: string) {
  if (json === 'null') return ''
  const first = json[0]
  if (first === '"') return csvText(JSON.parse(json) as string)
  return first === '{' || first === '[' ? csvText(json) : json
}

export function formatter<Chunk extends RowChunk>(
  format: QueryFormat,
  names: readonly string[],
  cells: CellsOf<Chunk>,
): Formatter<Chunk> {
  switch (format) {
    case 'json':
      return new JsonFormatter(names, cells)
    case 'ndjson':
      return new NdjsonFormatter(names, cells)
    case 'csv':
      return new CsvFormatter(names, cells)
    case 'table':
      return new TableFormatter(names, cells)
  }
}
