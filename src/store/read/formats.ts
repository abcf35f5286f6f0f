import type { DuckDBDataChunk } from '@duckdb/node-api'
import type { QueryFormat } from '../../engine/control.ts'
import { jsonCells, type OutputColumn } from './cells.ts'
import type { Api } from './json-value.ts'
import { TableFormatter } from './format-table.ts'
import { csvText } from '../../model/csv-text.ts'

/** Text is produced row by row, because a chunk can hold gigabytes. */
export interface Formatter {
  begin(): string
  rows(chunk: DuckDBDataChunk): Iterable<string>
  end(): string
}

abstract class Rows implements Formatter {
  protected readonly columns: readonly OutputColumn[]
  readonly #api: Api

  constructor(api: Api, columns: readonly OutputColumn[]) {
    this.#api = api
    this.columns = columns
  }

  protected cells(chunk: DuckDBDataChunk): string[][] {
    return this.columns.map(({ type }, index) => jsonCells(this.#api, chunk, index, type))
  }

  begin(): string {
    return ''
  }
  abstract rows(chunk: DuckDBDataChunk): Iterable<string>
  end(): string {
    return ''
  }
}

class NdjsonFormatter extends Rows {
  readonly #keys: readonly string[]

  constructor(api: Api, columns: readonly OutputColumn[]) {
    super(api, columns)
    this.#keys = columns.map(({ name }, index) => `${index === 0 ? '{' : ','}${JSON.stringify(name)}:`)
  }

  *rows(chunk: DuckDBDataChunk): Generator<string, void, undefined> {
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

class JsonFormatter extends NdjsonFormatter {
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
class CsvFormatter extends Rows {
  override begin(): string {
    return `${this.columns.map(({ name }) => csvText(name)).join(',')}\r\n`
  }
  *rows(chunk: DuckDBDataChunk): Generator<string, void, undefined> {
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

function csvCell(json: string): string {
  if (json === 'null') return ''
  const first = json[0]
  if (first === '"') return csvText(JSON.parse(json) as string)
  return first === '{' || first === '[' ? csvText(json) : json
}

export function formatter(api: Api, format: QueryFormat, columns: readonly OutputColumn[]): Formatter {
  switch (format) {
    case 'json':
      return new JsonFormatter(api, columns)
    case 'ndjson':
      return new NdjsonFormatter(api, columns)
    case 'csv':
      return new CsvFormatter(api, columns)
    case 'table':
      return new TableFormatter(
        (chunk) => columns.map(({ type }, index) => jsonCells(api, chunk, index, type)),
        columns,
      )
  }
}
