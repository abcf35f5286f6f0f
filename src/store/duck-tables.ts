import type { DuckDBAppender, DuckDBConnection, DuckDBDataChunk, DuckDBType } from '@duckdb/node-api'
import { fillNumbers } from './duck-vectors.ts'
import { chunkRows, Stage } from './stage.ts'
import type { EventRows } from './table-writer.ts'

type Api = typeof import('@duckdb/node-api')

const stagedColumns = [
  ...['id', 'source', 'type', 'subject', 'datacontenttype', 'dataschema', 'extensions', 'family', 'key', 'ref'].map((name) => ({ name, type: 'VARCHAR' })),
  { name: 'data', type: 'BLOB' }, { name: 'encoding', type: 'UTINYINT' }, { name: 'time', type: 'TIMESTAMPTZ' }, { name: 'time_received', type: 'TIMESTAMPTZ' },
  { name: '_source', type: 'USMALLINT' }, { name: '_epoch', type: 'UINTEGER' }, { name: '_sequence', type: 'UBIGINT' }, { name: '_row', type: 'UINTEGER' },
] as const

function typeOf(api: Api, name: string): DuckDBType {
  switch (name) {
    case 'UTINYINT': return api.UTINYINT
    case 'USMALLINT': return api.USMALLINT
    case 'UINTEGER': return api.UINTEGER
    case 'UBIGINT': return api.UBIGINT
    case 'TIMESTAMPTZ': return api.TIMESTAMPTZ
    case 'VARCHAR': return api.VARCHAR
    case 'BLOB': return api.BLOB
    default: throw new Error(`no DuckDB type for ${name}`)
  }
}

/** Stages of columns by name, filled in the order of `columns`. */
class Stages {
  readonly #list: readonly Stage[]
  readonly #byName: ReadonlyMap<string, Stage>

  constructor(columns: readonly { readonly name: string; readonly type: string }[]) {
    this.#list = columns.map(({ type }) => new Stage(type))
    this.#byName = new Map(columns.map(({ name }, index) => [name, this.#list[index] as Stage]))
  }

  get(name: string): Stage {
    const stage = this.#byName.get(name)
    if (stage === undefined) throw new Error(`no column ${name}`)
    return stage
  }

  fill(chunk: DuckDBDataChunk, first: number, rows: number): void {
    this.#list.forEach((stage, index) => {
      const width = stage.bytes.length / chunkRows
      fillNumbers(chunk, first + index, stage.bytes.subarray(0, rows * width), stage.holes ? stage.valid : undefined)
      stage.reset()
    })
  }

  origin(rows: EventRows, from: number, count: number, at: number): void {
    this.get('_source').constant(rows.origin.source, at, count)
    this.get('_epoch').constant(rows.origin.epoch, at, count)
    this.get('_sequence').constant(rows.origin.sequence, at, count)
    this.get('_row').count(from, at, count)
  }
}

const eventTexts = ['source', 'type', 'subject', 'datacontenttype', 'dataschema', 'extensions', 'family', 'key', 'ref'] as const

/** A table in the writer's memory that events are appended to, by way of a chunk that fills up. */
export class EventTable {
  readonly name: string
  readonly #api: Api
  readonly #appender: DuckDBAppender
  readonly #chunk: DuckDBDataChunk
  #used = 0
  readonly #stages = new Stages(stagedColumns.slice(11))
  #pieces: { rows: EventRows; from: number; to: number; at: number }[] = []

  constructor(api: Api, name: string, appender: DuckDBAppender) {
    this.#api = api
    this.name = name
    this.#appender = appender
    this.#chunk = api.DuckDBDataChunk.create(stagedColumns.map(({ type }) => typeOf(api, type)))
  }

  append(rows: EventRows): void {
    const { batch } = rows
    for (let from = 0; from < batch.count; ) {
      const to = Math.min(batch.count, from + chunkRows - this.#used)
      const count = to - from
      this.#pieces.push({ rows, from, to, at: this.#used })
      this.#stages.get('encoding').bytes.set(batch.encoding.subarray(from, to), this.#used)
      this.#stages.get('time').times(batch.time, from, to, this.#used)
      this.#stages.get('time_received').constant(Math.round(rows.origin.received) * 1000, this.#used, count)
      this.#stages.origin(rows, from, count, this.#used)
      this.#used += count
      from = to
      if (this.#used === chunkRows) this.#emit()
    }
  }

  #emit(): void {
    if (this.#used === 0) return
    this.#chunk.rowCount = this.#used
    this.#fill()
    this.#appender.appendDataChunk(this.#chunk)
    this.#chunk.reset()
    this.#used = 0
  }

  /** Everything appended is in the table afterwards. */
  flush(): void {
    this.#emit()
    this.#appender.flushSync()
  }

  close(): void {
    this.#appender.closeSync()
  }

  /** Puts the rows staged so far into the chunk's vectors. */
  #fill(): void {
    const ids = this.#chunk.getColumnVector(0)
    const data = this.#chunk.getColumnVector(10)
    for (const { rows: { batch }, from, to, at } of this.#pieces) {
      const id = Buffer.from(batch.id.bytes.buffer, batch.id.bytes.byteOffset, batch.id.bytes.byteLength)
      for (let row = from; row < to; row++) {
        ids.setItem(at + row - from, id.toString('utf8', batch.id.offsets[row], batch.id.offsets[row + 1]))
        const bytes = batch.encoding[row] === 0 ? null : batch.data.bytes.subarray(batch.data.offsets[row], batch.data.offsets[row + 1])
        data.setItem(at + row - from, bytes === null ? null : new this.#api.DuckDBBlobValue(bytes))
      }
    }
    ids.flush()
    data.flush()
    eventTexts.forEach((name, index) => {
      const vector = this.#chunk.getColumnVector(index + 1)
      for (const { rows: { batch }, from, to, at } of this.#pieces) {
        const codes = batch[name]
        for (let row = from; row < to; row++) {
          const code = codes[row] ?? 0
          vector.setItem(at + row - from, code === 0 ? null : (batch.dictionary[code] ?? null))
        }
      }
      vector.flush()
    })
    this.#stages.fill(this.#chunk, 11, this.#used)
    for (const { rows, to } of this.#pieces) if (to === rows.batch.count) rows.release?.()
    this.#pieces = []
  }
}

/** The table of an hour's events, empty. */
export async function openTable(api: Api, connection: DuckDBConnection, hour: number): Promise<EventTable> {
  const name = `events_${hour}`
  await connection.run(`CREATE OR REPLACE TABLE ${name} (${stagedColumns.map((column) => `"${column.name}" ${column.type}`).join(', ')})`)
  return new EventTable(api, name, await connection.createAppender(name))
}
