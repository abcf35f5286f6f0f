import type { DuckDBDataChunk } from '@duckdb/node-api'
import type { QueryFormat } from '../engine/control.ts'
import { jsonCells, type OutputColumn } from './cells.ts'
import type { Api } from './json-value.ts'
import { TableFormatter } from './format-table.ts'

/** Turns a result into the bytes of one document, chunk by chunk. */
export interface Formatter {
  begin(): string
  chunk(chunk: DuckDBDataChunk): string
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
  abstract chunk(chunk: DuckDBDataChunk): string
  end(): string {
    return ''
  }
}

class NdjsonFormatter extends Rows {
  readonly #keys: readonly string[]
  protected readonly before: string = ''
  protected readonly after: string = '\n'

  constructor(api: Api, columns: readonly OutputColumn[]) {
    super(api, columns)
    this.#keys = columns.map(({ name }, index) => `${index === 0 ? '{' : ','}${JSON.stringify(name)}:`)
  }

  protected objects(chunk: DuckDBDataChunk): string[] {
    const cells = this.cells(chunk)
    const keys = this.#keys
    const objects = new Array<string>(chunk.rowCount)
    for (let row = 0; row < objects.length; row++) {
      let text = ''
      for (let column = 0; column < keys.length; column++) text += (keys[column] ?? '') + (cells[column]?.[row] ?? 'null')
      objects[row] = `${text}}`
    }
    return objects
  }

  chunk(chunk: DuckDBDataChunk): string {
    return `${this.objects(chunk).join('\n')}\n`
  }
}

class JsonFormatter extends NdjsonFormatter {
  #first = true

  override begin(): string {
    return '['
  }
  override chunk(chunk: DuckDBDataChunk): string {
    const text = (this.#first ? '\n' : ',\n') + this.objects(chunk).join(',\n')
    this.#first = false
    return text
  }
  override end(): string {
    return this.#first ? ']\n' : '\n]\n'
  }
}

/** RFC 4180: CRLF, quotes where needed; absent is empty, an empty text is `""`. */
class CsvFormatter extends Rows {
  override begin(): string {
    return `${this.columns.map(({ name }) => csvText(name)).join(',')}\r\n`
  }
  chunk(chunk: DuckDBDataChunk): string {
    const cells = this.cells(chunk)
    let text = ''
    for (let row = 0; row < chunk.rowCount; row++) {
      for (let column = 0; column < cells.length; column++) {
        if (column > 0) text += ','
        text += csvCell(cells[column]?.[row] ?? 'null')
      }
      text += '\r\n'
    }
    return text
  }
}

function csvText(text: string): string {
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

function csvCell(json: string): string {
  if (json === 'null') return ''
  const first = json[0]
  if (first === '"') return csvText(JSON.parse(json) as string)
  return first === '{' || first === '[' ? csvText(json) : json
}

export function formatter(api: Api, format: QueryFormat, columns: readonly OutputColumn[]): Formatter {
  switch (format) {
    case 'json': return new JsonFormatter(api, columns)
    case 'ndjson': return new NdjsonFormatter(api, columns)
    case 'csv': return new CsvFormatter(api, columns)
    case 'table': return new TableFormatter((chunk) => columns.map(({ type }, index) => jsonCells(api, chunk, index, type)), columns)
  }
}
