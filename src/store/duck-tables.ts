import type { DuckDBAppender, DuckDBConnection, DuckDBDataChunk, DuckDBType } from '@duckdb/node-api'
import { fillNumbers } from './duck-vectors.ts'
import { chunkRows, Stage } from './stage.ts'
import type { EndpointRows, EventRows } from './table-writer.ts'

type Api = typeof import('@duckdb/node-api')

/** A table in the writer's memory that rows are appended to. */
export interface OpenTable<Rows> {
  readonly name: string
  append(rows: Rows): void
  /** Everything appended is in the table afterwards. */
  flush(): void
  close(): void
}

export const stagedColumns = {
  events: [
    ...['id', 'source', 'type', 'subject', 'datacontenttype', 'dataschema', 'extensions', 'family', 'key', 'ref'].map((name) => ({ name, type: 'VARCHAR' })),
    { name: 'data', type: 'BLOB' }, { name: 'encoding', type: 'UTINYINT' }, { name: 'time', type: 'TIMESTAMPTZ' }, { name: 'time_received', type: 'TIMESTAMPTZ' },
    { name: '_source', type: 'USMALLINT' }, { name: '_epoch', type: 'UINTEGER' }, { name: '_sequence', type: 'UBIGINT' }, { name: '_row', type: 'UINTEGER' },
  ],
  endpoints: [{ name: 'ep', type: 'BIGINT' }, { name: 'addr', type: 'VARCHAR' }, { name: 'name', type: 'VARCHAR' }, { name: 'label', type: 'VARCHAR' }],
} as const

function typeOf(api: Api, name: string): DuckDBType {
  switch (name) {
    case 'UTINYINT': return api.UTINYINT
    case 'USMALLINT': return api.USMALLINT
    case 'UINTEGER': return api.UINTEGER
    case 'INTEGER': return api.INTEGER
    case 'BIGINT': return api.BIGINT
    case 'UBIGINT': return api.UBIGINT
    case 'DOUBLE': return api.DOUBLE
    case 'TIMESTAMPTZ': return api.TIMESTAMPTZ
    case 'VARCHAR': return api.VARCHAR
    case 'BLOB': return api.BLOB
    default: throw new Error(`no DuckDB type for ${name}`)
  }
}

/** The part that all tables share: a chunk that fills up and goes to the appender. */
abstract class Table {
  readonly name: string
  protected readonly api: Api
  protected chunk: DuckDBDataChunk
  protected used = 0
  readonly #appender: DuckDBAppender
  readonly #types: readonly DuckDBType[]

  constructor(api: Api, name: string, appender: DuckDBAppender, columns: readonly { readonly type: string }[]) {
    this.api = api
    this.name = name
    this.#appender = appender
    this.#types = columns.map(({ type }) => typeOf(api, type))
    this.chunk = api.DuckDBDataChunk.create(this.#types)
  }

  /** Puts the rows staged so far into the chunk's vectors. */
  protected abstract fill(): void

  protected emit(): void {
    if (this.used === 0) return
    this.chunk.rowCount = this.used
    this.fill()
    this.#appender.appendDataChunk(this.chunk)
    this.chunk.reset()
    this.used = 0
  }

  flush(): void {
    this.emit()
    this.#appender.flushSync()
  }

  close(): void {
    this.#appender.closeSync()
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

export class EventTable extends Table implements OpenTable<EventRows> {
  readonly #numbers = stagedColumns.events.slice(11)
  readonly #stages = new Stages(this.#numbers)
  #pieces: { rows: EventRows; from: number; to: number; at: number }[] = []

  append(rows: EventRows): void {
    const { batch } = rows
    for (let from = 0; from < batch.count; ) {
      const to = Math.min(batch.count, from + chunkRows - this.used)
      const count = to - from
      this.#pieces.push({ rows, from, to, at: this.used })
      this.#stages.get('encoding').copy({ kind: 'u8', values: batch.encoding }, from, to, this.used)
      this.#stages.get('time').times(batch.time, from, to, this.used)
      this.#stages.get('time_received').constant(Math.round(rows.origin.received) * 1000, this.used, count)
      this.#stages.origin(rows, from, count, this.used)
      this.used += count
      from = to
      if (this.used === chunkRows) this.emit()
    }
  }

  protected fill(): void {
    const ids = this.chunk.getColumnVector(0)
    const data = this.chunk.getColumnVector(10)
    for (const { rows: { batch }, from, to, at } of this.#pieces) {
      const id = Buffer.from(batch.id.bytes.buffer, batch.id.bytes.byteOffset, batch.id.bytes.byteLength)
      for (let row = from; row < to; row++) {
        ids.setItem(at + row - from, id.toString('utf8', batch.id.offsets[row], batch.id.offsets[row + 1]))
        const bytes = batch.encoding[row] === 0 ? null : batch.data.bytes.subarray(batch.data.offsets[row], batch.data.offsets[row + 1])
        data.setItem(at + row - from, bytes === null ? null : new this.api.DuckDBBlobValue(bytes))
      }
    }
    ids.flush()
    data.flush()
    eventTexts.forEach((name, index) => {
      const vector = this.chunk.getColumnVector(index + 1)
      for (const { rows: { batch }, from, to, at } of this.#pieces) {
        const codes = batch[name]
        for (let row = from; row < to; row++) {
          const code = codes[row] ?? 0
          vector.setItem(at + row - from, code === 0 ? null : (batch.dictionary[code] ?? null))
        }
      }
      vector.flush()
    })
    this.#stages.fill(this.chunk, 11, this.used)
    this.#pieces = []
  }
}

export class EndpointTable extends Table implements OpenTable<EndpointRows> {
  #rows: EndpointRows['rows'][number][] = []

  append({ rows }: EndpointRows): void {
    for (const row of rows) {
      this.#rows.push(row)
      this.used++
      if (this.used === chunkRows) this.emit()
    }
  }

  protected fill(): void {
    const rows = this.#rows
    this.chunk.setColumnValues(0, rows.map(({ id }) => BigInt(id)))
    this.chunk.setColumnValues(1, rows.map(({ address }) => address))
    this.chunk.setColumnValues(2, rows.map(({ name }) => name ?? null))
    this.chunk.setColumnValues(3, rows.map(({ label }) => label ?? null))
    this.#rows = []
  }
}

export async function openTable(api: Api, connection: DuckDBConnection, stream: 'events' | 'endpoints', hour: number): Promise<EventTable | EndpointTable> {
  const name = `${stream}_${hour}`
  const columns = stagedColumns[stream]
  await connection.run(`CREATE OR REPLACE TABLE ${name} (${columns.map((column) => `"${column.name}" ${column.type}`).join(', ')})`)
  const appender = await connection.createAppender(name)
  if (stream === 'events') return new EventTable(api, name, appender, columns)
  return new EndpointTable(api, name, appender, columns)
}
