import { crc32 } from 'node:zlib'
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import type { Disk } from '../host/index.ts'
import { endpointParts } from '../model/endpoint.ts'
import { duckMemory, fileList, withoutExtensions, openDuck, quoted, rowsOf } from './duck.ts'
import { buildSums, type SumsBuilt } from './file-sums/build.ts'
import { mergeSums } from './file-sums/merge.ts'
import { endpointUse } from './flows/endpoint-use.ts'
import { agentOf } from './read/views.ts'
import { eventFile } from './events/file.ts'
import { endpointFile, endpointGroupRows } from './flows/endpoint-file.ts'
import type { EndpointRange } from './flows/endpoint-names.ts'
import { flowFile, type FlowFile } from './flows/file.ts'
import { concatenate } from './parquet/concat.ts'
import { mergeQuery } from './rollup/merge.ts'
import { isRollup, type Rollup } from './rollup/schema.ts'
import { rollupFile } from './rollup/file.ts'
import type { RollupRows } from './rollup/rows.ts'
import type { Stream } from './names.ts'
import { columnSet, unknownColumn } from './schema.ts'
import type {
  EndpointUse,
  EventRows,
  FileAbout,
  FlowRows,
  Inspected,
  Revision,
  TableRows,
  TableWriter,
  UnknownEndpoint,
  Written,
} from './table-writer.ts'

type DuckWriterOptions = Readonly<{
  disk: Disk
  memoryLimit: string
  threads: number
}>

const aboutKey = 'weir'

/** Below IOV_MAX. */
const maxPieces = 512

/** Average row group from which a merge copies groups. */
const minGroup = { flows: { rows: 16_384, bytes: Infinity }, events: { rows: 1024, bytes: 512 << 10 } } as const

const revisionsAtOnce = 1000

const copyFormat = 'FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, COMPRESSION_LEVEL 1'

/** Other readers refuse DuckDB's encoding of larger differences. */
const maxDelta = 2 ** 31

/** Event rows can be large. */
const [eventRows, leastEventRows, eventBytes] = [16_384, 2048, 16 << 20]

const copyOptions: Readonly<Record<Stream, string>> = {
  flows: copyFormat,
  events: `${copyFormat}, ROW_GROUP_SIZE ${eventRows}`,
  endpoints: `${copyFormat}, ROW_GROUP_SIZE ${endpointGroupRows}`,
  flows_1m: copyFormat,
  flows_5m: copyFormat,
  flows_1h: copyFormat,
}

function keep<Row>(rows: Map<number, Row[]>, hour: number, more: readonly Row[]) {
  const existing = rows.get(hour)
  if (existing === undefined) rows.set(hour, [...more])
  else for (const row of more) existing.push(row)
}

function letGo(rows: Map<number, readonly { readonly release?: () => void }[]>, hour: number) {
  for (const { release } of rows.get(hour) ?? []) release?.()
  rows.delete(hour)
}

class DuckWriter implements TableWriter {
  readonly #disk: Disk
  readonly #instance: DuckDBInstance
  readonly #merging: DuckDBConnection
  readonly #flows = new Map<number, FlowRows[]>()
  readonly #events = new Map<number, EventRows[]>()
  readonly #partials = new Map<number, RollupRows[]>()
  readonly #endpoints = new Map<number, EndpointRange[]>()

  constructor(options: { disk: Disk; instance: DuckDBInstance; merging: DuckDBConnection }) {
    this.#disk = options.disk
    this.#instance = options.instance
    this.#merging = options.merging
  }

  memory(): Promise<number> {
    return duckMemory(this.#instance)
  }

  async append(hour: number, rows: TableRows): Promise<void> {
    if (rows.stream === 'flows') return keep(this.#flows, hour, [rows])
    if (rows.stream === 'events') return keep(this.#events, hour, [rows])
    if (rows.stream === 'flows_1m') return keep(this.#partials, hour, [rows.rows])
    return keep(this.#endpoints, hour, rows.rows)
  }

  async write(stream: Stream, hour: number, path: string, about: FileAbout): Promise<Written> {
    const metadata = { [aboutKey]: JSON.stringify(about) }
    if (stream === 'flows') return this.#save(stream, flowFile(this.#flows.get(hour) ?? [], metadata), path)
    if (stream === 'endpoints') return this.#save(stream, endpointFile(this.#endpoints.get(hour) ?? [], metadata), path)
    if (stream === 'flows_1m') return this.#save(stream, rollupFile(this.#partials.get(hour) ?? [], metadata), path)
    if (stream === 'events') return this.#save(stream, eventFile(this.#events.get(hour) ?? [], metadata), path)
    throw new Error(`${stream} rows cannot be written directly`)
  }

  async #save(stream: Stream, { pieces, rows, columns }: FlowFile, path: string): Promise<Written> {
    const file = await this.#disk.open(path, 'create')
    try {
      let [at, crc] = [0, 0]
      for (let from = 0; from < pieces.length; from += maxPieces) {
        const chunk = pieces.slice(from, from + maxPieces)
        await file.writeAll(chunk, at)
        for (const piece of chunk) {
          at += piece.length
          crc = crc32(piece, crc)
        }
      }
      await file.sync()
      const set = columnSet(stream, columns)
      return { rows, bytes: at, crc, ...(set === undefined ? {} : { columns: set }) }
    } finally {
      await file.close()
    }
  }

  async discard(stream: Stream, hour: number): Promise<void> {
    if (stream === 'flows') letGo(this.#flows, hour)
    if (stream === 'events') letGo(this.#events, hour)
    if (stream === 'flows_1m') this.#partials.delete(hour)
    if (stream === 'endpoints') this.#endpoints.delete(hour)
  }

  merge(stream: Stream, from: readonly string[], path: string, about: FileAbout): Promise<Written> {
    if (isRollup(stream)) return this.#mergeRollup(stream, from, path, about)
    return this.#mergeRows(stream, from, path, about)
  }

  async #mergeRows(stream: Stream, from: readonly string[], path: string, about: FileAbout): Promise<Written> {
    const whole =
      stream === 'flows' || stream === 'events'
        ? await concatenate(this.#disk, from, path, { [aboutKey]: JSON.stringify(about) }, minGroup[stream])
        : undefined
    if (whole !== undefined) return whole
    const select = `SELECT * FROM read_parquet(${fileList(from)},
        union_by_name = true)${stream === 'endpoints' ? ' ORDER BY addr' : ''}`
    return this.#copy(select, stream, path, about, {
      farApart: await this.#farApart(from),
      groupRows: stream === 'events' ? await this.#groupRows(from) : eventRows,
    })
  }

  async #groupRows(files: readonly string[]): Promise<number> {
    const [[rows, bytes] = []] = await rowsOf(
      this.#merging,
      `SELECT (SELECT sum(num_rows)::DOUBLE FROM parquet_file_metadata(${fileList(files)})),
        (SELECT sum(total_uncompressed_size)::DOUBLE FROM parquet_metadata(${fileList(files)}))`,
    )
    const fitting = Math.floor((eventBytes * Number(rows ?? 0)) / Math.max(1, Number(bytes ?? 0)))
    return Math.min(eventRows, Math.max(leastEventRows, fitting))
  }

  async #mergeRollup(stream: Rollup, from: readonly string[], path: string, about: FileAbout): Promise<Written> {
    const names = new Set(
      (await rowsOf(this.#merging, `SELECT DISTINCT name FROM parquet_schema(${fileList(from)})`)).map(([name]) =>
        String(name),
      ),
    )
    const { sql, columns } = mergeQuery(stream, from, names)
    const written = await this.#copy(sql, stream, path, about, { farApart: await this.#farApart(from) })
    const total = async (paths: readonly string[]) =>
      String(
        (
          await rowsOf(this.#merging, `SELECT coalesce(sum(flows), 0)::VARCHAR FROM read_parquet(${fileList(paths)})`)
        )[0]?.[0],
      )
    const [before, after] = [await total(from), await total([path])]
    if (before !== after) throw new Error(`rollup merge changed ${before} flows to ${after}`)
    const set = columnSet(stream, columns)
    return { ...written, ...(set === undefined ? {} : { columns: set }) }
  }

  async #farApart(files: readonly string[]): Promise<boolean> {
    const [[max] = []] = await rowsOf(
      this.#merging,
      `SELECT max(apart)::DOUBLE FROM (SELECT max(TRY_CAST(stats_max_value AS BIGINT)) - min(TRY_CAST(stats_min_value
        AS BIGINT)) AS apart FROM parquet_metadata(${fileList(files)}) WHERE type = 'INT32' GROUP BY path_in_schema)`,
    )
    return Number(max ?? 0) >= maxDelta
  }

  async unknown(path: string, from: number, to: number): Promise<readonly UnknownEndpoint[]> {
    const names = new Set(
      (await rowsOf(this.#merging, `SELECT name FROM parquet_schema(${quoted(path)})`)).map(([name]) => String(name)),
    )
    if (!names.has(unknownColumn)) return []
    const rows = await rowsOf(
      this.#merging,
      `SELECT ep::DOUBLE, addr, ${unknownColumn}::DOUBLE, ${names.has('cluster') ? 'cluster' : 'NULL'}
        FROM read_parquet(${quoted(path)}) WHERE ${unknownColumn}::BIGINT >= ${from}
        AND ${unknownColumn}::BIGINT < ${to}`,
    )
    return rows.map(([id, address, unknownAt, cluster]) => ({
      id: Number(id),
      address: String(address),
      unknownAt: Number(unknownAt),
      cluster: typeof cluster === 'string' ? cluster : undefined,
    }))
  }

  async revise(from: string, revisions: readonly Revision[], path: string, about: FileAbout): Promise<Written> {
    const file = `read_parquet(${quoted(from)})`
    const had = new Set(
      (await rowsOf(this.#merging, `SELECT name FROM parquet_schema(${quoted(from)})`)).map(([name]) => String(name)),
    )
    const parts = endpointParts.filter(
      (part) => had.has(part) || revisions.some(({ meaning }) => meaning[part] !== undefined),
    )
    const text = (value: string | undefined) => (value === undefined ? 'NULL' : quoted(value))
    await this.#merging.run(
      `CREATE OR REPLACE TEMP TABLE revised (ep BIGINT, ${parts.map((part) => `${part} VARCHAR`).join(', ')})`,
    )
    for (let at = 0; at < revisions.length; at += revisionsAtOnce) {
      await this.#merging.run(
        `INSERT INTO revised VALUES ${revisions
          .slice(at, at + revisionsAtOnce)
          .map(({ id, meaning }) => `(${id}, ${parts.map((part) => text(meaning[part])).join(', ')})`)
          .join(', ')}`,
      )
    }
    try {
      const columns = [
        'e.ep',
        'e.addr',
        ...parts.map((part) => `coalesce(${had.has(part) ? `e.${part}, ` : ''}r.${part}) AS ${part}`),
        ...(had.has(unknownColumn) ? [`CASE WHEN r.ep IS NULL THEN e.${unknownColumn} END AS ${unknownColumn}`] : []),
      ]
      const written = await this.#copy(
        `SELECT ${columns.join(', ')} FROM ${file} e LEFT JOIN revised r ON e.ep = r.ep ORDER BY e.addr`,
        'endpoints',
        path,
        about,
      )
      const set = columnSet('endpoints', ['ep', ...parts, ...(had.has(unknownColumn) ? [unknownColumn] : [])])
      return { ...written, ...(set === undefined ? {} : { columns: set }) }
    } finally {
      await this.#merging.run('DROP TABLE revised')
    }
  }

  async inspect(stream: Stream, path: string): Promise<Inspected> {
    const file = `read_parquet(${quoted(path)})`
    const bytes = (await this.#disk.stat(path))?.size ?? 0
    const about = await this.#about(path)
    const names = new Set(
      (await rowsOf(this.#merging, `SELECT name FROM parquet_schema(${quoted(path)})`)).map(([name]) => String(name)),
    )
    if (stream === 'endpoints') {
      const [[rows, last] = []] = await rowsOf(this.#merging, `SELECT count(*)::DOUBLE, max(ep)::DOUBLE FROM ${file}`)
      const columns = columnSet(stream, names)
      return {
        rows: Number(rows),
        bytes,
        timeMin: null,
        timeMax: null,
        receivedMin: 0,
        receivedMax: 0,
        perSource: new Map(),
        lastEndpoint: Number(last ?? 0),
        about,
        ...(columns === undefined ? {} : { columns }),
      }
    }
    if (isRollup(stream)) {
      const [[rows, timeMin, timeMax] = []] = await rowsOf(
        this.#merging,
        `SELECT count(*)::DOUBLE, epoch_ms(min(time))::DOUBLE, epoch_ms(max(time))::DOUBLE FROM ${file}`,
      )
      const columns = columnSet(stream, names)
      return {
        rows: Number(rows),
        bytes,
        timeMin: timeMin === null ? null : Number(timeMin),
        timeMax: timeMax === null ? null : Number(timeMax),
        timed: true,
        receivedMin: 0,
        receivedMax: 0,
        perSource: new Map(),
        lastEndpoint: 0,
        about,
        ...(columns === undefined ? {} : { columns }),
      }
    }
    const ms = (aggregate: 'min' | 'max', column: string) =>
      names.has(column) ? `epoch_ms(${aggregate}("${column}"))::DOUBLE` : 'NULL'
    const [[rows, timeMin, timeMax, receivedMin, receivedMax] = []] = await rowsOf(
      this.#merging,
      `SELECT count(*)::DOUBLE, ${ms('min', stream === 'flows' ? 'time_start' : 'time')},
        ${ms('max', stream === 'flows' ? 'time_end' : 'time')}, ${ms('min', 'time_received')},
        ${ms('max', 'time_received')} FROM ${file}`,
    )
    const counts = await rowsOf(this.#merging, `SELECT _source::INTEGER, count(*)::DOUBLE FROM ${file} GROUP BY ALL`)
    const perSource = new Map(counts.map(([source, count]) => [Number(source), Number(count)]))
    const known =
      stream === 'events'
        ? {
            timed: true as const,
            families: (await rowsOf(this.#merging, `SELECT DISTINCT coalesce(family, '') FROM ${file} ORDER BY 1`)).map(
              ([family]) => String(family),
            ),
          }
        : {}
    const number = (value: unknown) => (typeof value === 'number' ? value : null)
    const columns = columnSet(stream, names)
    return {
      rows: Number(rows),
      bytes,
      timeMin: number(timeMin),
      timeMax: number(timeMax),
      ...known,
      receivedMin: Number(receivedMin ?? 0),
      receivedMax: Number(receivedMax ?? 0),
      perSource,
      lastEndpoint: 0,
      about,
      ...(columns === undefined ? {} : { columns }),
    }
  }

  endpointUse(path: string, columns: readonly string[]): Promise<EndpointUse | undefined> {
    return endpointUse(this.#instance, path, columns)
  }

  sums(path: string, into: string, { words }: FileAbout, endpoints: readonly string[]): Promise<SumsBuilt | undefined> {
    return buildSums(this.#instance, path, into, { agent: agentOf(words), endpoints })
  }

  mergeSums(
    from: readonly string[],
    parts: readonly string[],
    into: string,
  ): Promise<Readonly<Record<string, number>> | undefined> {
    return mergeSums(this.#instance, from, parts, into)
  }

  async #about(path: string): Promise<FileAbout | undefined> {
    const [[text] = []] = await rowsOf(
      this.#merging,
      `SELECT decode(value) FROM parquet_kv_metadata(${quoted(path)}) WHERE decode(key) = '${aboutKey}'`,
    )
    return typeof text === 'string' ? (JSON.parse(text) as FileAbout) : undefined
  }

  async close(): Promise<void> {
    this.#merging.closeSync()
    this.#instance.closeSync()
    await Promise.resolve()
  }

  async #copy(
    select: string,
    stream: Stream,
    path: string,
    about: FileAbout,
    { farApart = false, groupRows = eventRows }: Readonly<{ farApart?: boolean; groupRows?: number }> = {},
  ): Promise<Written> {
    const sized =
      stream === 'events'
        ? copyOptions[stream].replace(`ROW_GROUP_SIZE ${eventRows}`, `ROW_GROUP_SIZE ${groupRows}`)
        : copyOptions[stream]
    const options = farApart ? sized.replace('PARQUET_VERSION v2', 'PARQUET_VERSION v1') : sized
    const [[rows] = []] = await rowsOf(
      this.#merging,
      `COPY (${select}) TO ${quoted(path)} (${options}, KV_METADATA {${aboutKey}: ${quoted(JSON.stringify(about))}})`,
    )
    const stat = await this.#disk.stat(path)
    if (stat === undefined) throw new Error(`DuckDB did not write ${path}`)
    return { rows: Number(rows), bytes: stat.size }
  }
}

export async function openDuckWriter(options: DuckWriterOptions): Promise<TableWriter> {
  const instance = await openDuck({
    ...withoutExtensions,
    memory_limit: options.memoryLimit,
    threads: String(options.threads),
    temp_directory: '',
  })
  const merging = await instance.connect()
  await merging.run("SET GLOBAL TimeZone = 'UTC'")
  return new DuckWriter({ disk: options.disk, instance, merging })
}
