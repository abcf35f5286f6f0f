import type { Disk } from '../../host/index.ts'
import { holdsRows, type Stream } from '../names.ts'
import { isRollup } from '../rollup/schema.ts'
import type { FileAbout, Inspected, TableRows, TableWriter, Written } from '../table-writer.ts'

/** Row position, endpoint id, or number of flows. */
export type Line = string

/** For disks that DuckDB cannot write to: JSON. */
export class DiskWriter implements TableWriter {
  readonly #disk: Disk
  readonly #tables = new Map<string, Line[]>()

  constructor(disk: Disk) {
    this.#disk = disk
  }

  async append(hour: number, rows: TableRows): Promise<void> {
    const key = `${rows.stream} ${hour}`
    const table = this.#tables.get(key) ?? []
    this.#tables.set(key, table)
    if (rows.stream === 'flows_1m') table.push(...Array.from(rows.rows.sums[0] ?? [], String))
    else if (rows.stream === 'endpoints')
      for (const { names, from, to } of rows.rows)
        for (let index = from; index < to; index++) table.push(`${names.base + index}`)
    else
      for (let row = 0; row < rows.batch.count; row++)
        table.push(`${rows.origin.source}:${rows.origin.epoch}:${rows.origin.sequence}:${row}`)
    await Promise.resolve()
  }

  async write(stream: Stream, hour: number, path: string, about: FileAbout): Promise<Written> {
    return this.#save(path, this.#tables.get(`${stream} ${hour}`) ?? [], about, true)
  }

  async discard(stream: Stream, hour: number): Promise<void> {
    this.#tables.delete(`${stream} ${hour}`)
    await Promise.resolve()
  }

  async merge(stream: Stream, from: readonly string[], path: string, about: FileAbout): Promise<Written> {
    const lines: Line[] = []
    for (const each of from) lines.push(...(await readLines(this.#disk, each)))
    return this.#save(
      path,
      isRollup(stream) ? [`${lines.reduce((sum, line) => sum + Number(line), 0)}`] : lines,
      about,
      false,
    )
  }

  unknown(): Promise<readonly []> {
    return Promise.resolve([])
  }

  revise(): Promise<Written> {
    return Promise.reject(new Error('no endpoint is unknown here'))
  }

  async inspect(stream: Stream, path: string): Promise<Inspected> {
    const { lines, about } = await readTable(this.#disk, path)
    const perSource = new Map<number, number>()
    if (holdsRows(stream))
      for (const line of lines)
        perSource.set(Number(line.split(':')[0]), (perSource.get(Number(line.split(':')[0])) ?? 0) + 1)
    const lastEndpoint = stream === 'endpoints' ? Math.max(0, ...lines.map(Number)) : 0
    return {
      rows: lines.length,
      bytes: (await this.#disk.stat(path))?.size ?? 0,
      timeMin: null,
      timeMax: null,
      receivedMin: 0,
      receivedMax: 0,
      perSource,
      lastEndpoint,
      about,
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

  async close(): Promise<void> {
    this.#tables.clear()
    await Promise.resolve()
  }

  async #save(path: string, lines: readonly Line[], about: FileAbout, synced: boolean): Promise<Written> {
    const bytes = new TextEncoder().encode(JSON.stringify({ about, lines }))
    const file = await this.#disk.open(path, 'create')
    try {
      await file.write(bytes, 0)
      if (synced) await file.sync()
    } finally {
      await file.close()
    }
    return { rows: lines.length, bytes: bytes.length }
  }
}

interface Table {
  readonly about: FileAbout
  readonly lines: Line[]
}

async function readTable(disk: Disk, path: string): Promise<Table> {
  return JSON.parse(Buffer.from(await disk.readFile(path)).toString('utf8')) as Table
}

export async function readLines(disk: Disk, path: string): Promise<Line[]> {
  return (await readTable(disk, path)).lines
}
