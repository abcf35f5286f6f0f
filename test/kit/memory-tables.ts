import type { Disk } from '../../src/host/index.ts'
import { eventId } from '../../src/model/events.ts'
import type { Stream } from '../../src/store/names.ts'
import type { FileAbout, Inspected, TableRows, TableWriter, Written } from '../../src/store/table-writer.ts'

/** One line of a table file: the position of the row, and the id of an event. */
export interface MemoryRow {
  readonly id: string
  readonly source: number
  readonly epoch: number
  readonly sequence: number
  readonly row: number
  readonly received: number
}

const utf8 = new TextEncoder()

/** The first line is the file's metadata. */
function parse(bytes: Uint8Array): { about: FileAbout; rows: MemoryRow[] } {
  const [about = '', ...rows] = new TextDecoder()
    .decode(bytes)
    .split('\n')
    .filter((line) => line !== '')
  return { about: JSON.parse(about) as FileAbout, rows: rows.map((line) => JSON.parse(line) as MemoryRow) }
}

export function parseTable(bytes: Uint8Array): MemoryRow[] {
  return parse(bytes).rows
}

function rowsOf(rows: TableRows): MemoryRow[] {
  if (rows.stream === 'endpoints')
    return rows.rows.flatMap(({ names, from, to }) =>
      Array.from({ length: to - from }, (_, at) => ({
        id: String(names.base + from + at),
        source: 0,
        epoch: 0,
        sequence: 0,
        row: 0,
        received: 0,
      })),
    )
  if (rows.stream === 'flows_1m')
    return Array.from(rows.rows.sums[0] ?? [], (flows) => ({
      id: String(flows),
      source: 0,
      epoch: 0,
      sequence: 0,
      row: 0,
      received: 0,
    }))
  const { batch } = rows
  return Array.from({ length: batch.count }, (_, row) => ({
    id: batch.kind === 'events' ? eventId(batch, row) : '',
    row,
    ...rows.origin,
  }))
}

/** Writes tables as lines of JSON to any {@link Disk}. */
export class MemoryTables implements TableWriter {
  readonly #disk: Disk
  readonly #tables = new Map<string, MemoryRow[]>()

  constructor(disk: Disk) {
    this.#disk = disk
  }

  append(hour: number, rows: TableRows): Promise<void> {
    const key = `${rows.stream} ${hour}`
    this.#tables.set(key, [...(this.#tables.get(key) ?? []), ...rowsOf(rows)])
    return Promise.resolve()
  }

  write(stream: Stream, hour: number, path: string, about: FileAbout): Promise<Written> {
    return this.#put(path, this.#tables.get(`${stream} ${hour}`) ?? [], about, true)
  }

  discard(stream: Stream, hour: number): Promise<void> {
    this.#tables.delete(`${stream} ${hour}`)
    return Promise.resolve()
  }

  async merge(_: Stream, from: readonly string[], path: string, about: FileAbout): Promise<Written> {
    const rows: MemoryRow[] = []
    for (const one of from) rows.push(...parseTable(await this.#disk.readFile(one)))
    // DuckDB does not sync its copies either.
    return this.#put(path, rows, about, false)
  }

  unknown(): Promise<readonly []> {
    return Promise.resolve([])
  }

  revise(): Promise<Written> {
    return Promise.reject(new Error('this writer revises no file'))
  }

  async inspect(stream: Stream, path: string): Promise<Inspected> {
    const bytes = await this.#disk.readFile(path)
    const { about, rows } = parse(bytes)
    const perSource = new Map<number, number>()
    for (const { source } of rows) perSource.set(source, (perSource.get(source) ?? 0) + 1)
    const received = rows.map((row) => row.received)
    return {
      rows: rows.length,
      bytes: bytes.length,
      timeMin: null,
      timeMax: null,
      receivedMin: Math.min(...received),
      receivedMax: Math.max(...received),
      about,
      perSource,
      lastEndpoint: stream === 'endpoints' ? Math.max(0, ...rows.map(({ id }) => Number(id))) : 0,
    }
  }

  endpointUse(): Promise<undefined> {
    return Promise.resolve(undefined)
  }

  sums(): Promise<undefined> {
    return Promise.resolve(undefined)
  }

  mergeSums(): Promise<undefined> {
    return Promise.resolve(undefined)
  }

  memory(): Promise<number> {
    return Promise.resolve(0)
  }

  close(): Promise<void> {
    this.#tables.clear()
    return Promise.resolve()
  }

  async #put(path: string, rows: readonly MemoryRow[], about: FileAbout, synced: boolean): Promise<Written> {
    const bytes = utf8.encode([about, ...rows].map((row) => `${JSON.stringify(row)}\n`).join(''))
    const file = await this.#disk.open(path, 'create')
    try {
      await file.write(bytes, 0)
      if (synced) await file.sync()
    } finally {
      await file.close()
    }
    return { rows: rows.length, bytes: bytes.length }
  }
}
