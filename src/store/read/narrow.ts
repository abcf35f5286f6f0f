/** Files, and conditions of their rows, that a statement with a {@link Needle} reads. */
import type { DuckDBConnection } from '@duckdb/node-api'
import type { EndpointIndexReader, RowsOfId } from '../endpoint-index/read.ts'
import { dayOf } from '../names.ts'
import type { StoredFile } from '../record.ts'
import { endpointColumn, fileColumns, hasColumn } from '../schema.ts'
import type { EndpointIds } from './endpoint-ids.ts'
import { testsIn, type Needle } from './needles.ts'
import type { TimeBounds } from './receipt.ts'
import { endpointPartOf, type ViewInput } from './views.ts'

/** Maximum ids of all tests. With more ids, names are joined to all rows. */
const maxIds = 1000
/** Maximum ids of a file. With more ids, the index of the file is not read. */
const maxIdsOfFile = 200
/** Maximum days. Ids are compared with those of the day of a file, unless there are more days. */
const maxDays = 62
/** Maximum listed times of all files. With more times, files are read as a whole. */
const maxTimes = 2048
/** Times of one scan: each row group is compared with all of them. */
const timesOfScan = 128
const rowsOfTime = 8
const filesAtOnce = 16

type Narrowing = Readonly<{ needle: Needle; receiveTime: TimeBounds | undefined }>

export type EndpointLookups = Readonly<{ indexes: EndpointIndexReader; known: EndpointIds }>

/** Narrows the files of a statement; files without an index are read as a whole. */
export async function narrowed(
  connection: DuckDBConnection,
  { indexes, known }: EndpointLookups,
  { needle, receiveTime }: Narrowing,
  input: ViewInput,
): Promise<ViewInput> {
  const ids = await idsOf(connection, known, needle, input)
  if (ids === undefined) return input
  const flows = input.files.filter(({ stream }) => stream === 'flows')
  const results = new Map<StoredFile, FoundRows>()
  for (let from = 0; from < flows.length; from += filesAtOnce)
    await Promise.all(
      flows.slice(from, from + filesAtOnce).map(async (file) => {
        const tests = new TestsOfFile(file, ids)
        const rows = tests.isNever(needle) ? [] : await rowsIn(indexes, needle, tests, file)
        const times = rows === 'common' ? rows : rows.filter((time) => isWithin(time / 1000, receiveTime))
        results.set(file, { times, sql: tests.sql(needle) })
      }),
    )
  const files = input.files.filter((file) => results.get(file)?.times.length !== 0)
  return { ...input, files, within: conditionsOf([...results].filter(([, { times }]) => times.length > 0)) }
}

function isWithin(ms: number, bounds: TimeBounds | undefined) {
  return bounds === undefined || (ms >= Math.floor(bounds.from) && ms <= Math.ceil(bounds.to))
}

/** Ids by text, by column and day. */
type Ids = Readonly<{
  byDay: ReadonlyMap<number, ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>>
  dayOf: (hour: number) => number
}>

async function idsOf(
  connection: DuckDBConnection,
  endpointIds: EndpointIds,
  needle: Needle,
  input: ViewInput,
): Promise<Ids | undefined> {
  const files = input.files.filter(({ stream }) => stream === 'endpoints')
  const isByDay = new Set(files.map(({ hour }) => dayOf(hour))).size <= maxDays
  const day = (hour: number) => (isByDay ? dayOf(hour) : 0)
  const byDay = new Map<number, Map<string, Map<string, number[]>>>()
  let count = 0
  for (const [column, tests] of Map.groupBy(testsIn(needle), (test) => test.column)) {
    const part = endpointPartOf(column)?.part
    const storedColumn = fileColumns.endpoints.find(({ name }) => name === part)
    const withPart = files.filter((file) => storedColumn !== undefined && hasColumn(file, storedColumn))
    if (part === undefined || withPart.length === 0) continue
    const texts = [...new Set(tests.flatMap(({ texts: textsOfTest }) => textsOfTest))]
    const results = await endpointIds.find(connection, withPart, { part, texts, maxIds })
    if (results === undefined || (count += results.length) > maxIds) return undefined
    for (const { file, text, id } of results) {
      const columns = inserted(byDay, day(file.hour), () => new Map<string, Map<string, number[]>>())
      const byText = inserted(columns, column, () => new Map<string, number[]>())
      inserted(byText, text, () => []).push(id)
    }
  }
  return { byDay, dayOf: day }
}

function inserted<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const value = map.get(key) ?? make()
  map.set(key, value)
  return value
}

type Test = Extract<Needle, { is: 'test' }>

class TestsOfFile {
  readonly #file: StoredFile
  readonly #ids: ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>

  constructor(file: StoredFile, { byDay, dayOf: day }: Ids) {
    this.#file = file
    this.#ids = byDay.get(day(file.hour)) ?? new Map<string, ReadonlyMap<string, readonly number[]>>()
  }

  /** Ids of the test. Undefined if ids do not decide it: a value of the flow has priority over that of its endpoint. */
  idsOf({ column, texts }: Test): readonly number[] | undefined {
    const flow = fileColumns.flows.find(({ name }) => name === column)
    if (flow !== undefined && hasColumn(this.#file, flow)) return undefined
    const byText = this.#ids.get(column)
    return texts.flatMap((text) => byText?.get(text) ?? [])
  }

  isNever(needle: Needle): boolean {
    if (needle.is === 'test') return this.idsOf(needle)?.length === 0
    return needle.is === 'any'
      ? needle.parts.every((part) => this.isNever(part))
      : needle.parts.some((part) => this.isNever(part))
  }

  /** SQL condition. Undefined if it would be true for all rows. */
  sql(needle: Needle): string | undefined {
    if (needle.is !== 'test') {
      const parts = needle.parts.map((part) => this.sql(part))
      const present = parts.filter((part) => part !== undefined)
      const isOpen = needle.is === 'any' ? present.length < parts.length : present.length === 0
      return isOpen ? undefined : `(${[...new Set(present)].join(needle.is === 'any' ? ' OR ' : ' AND ')})`
    }
    const ids = this.idsOf(needle)
    if (ids === undefined) return undefined
    const column = endpointColumn(endpointPartOf(needle.column)?.field ?? '')
    const storedColumn = fileColumns.flows.find(({ name }) => name === column)
    if (ids.length === 0 || storedColumn === undefined || !hasColumn(this.#file, storedColumn)) return 'false'
    // Single ids are compared before other columns are decoded.
    return ids.length === 1 ? `"${column}" = ${ids[0]}` : `"${column}" IN (${ids.join(', ')})`
  }
}

async function rowsIn(
  indexes: EndpointIndexReader,
  needle: Needle,
  tests: TestsOfFile,
  file: StoredFile,
): Promise<RowsOfId> {
  const ids = [...new Set(testsIn(needle).flatMap((test) => tests.idsOf(test) ?? []))].sort((a, b) => a - b)
  const foundRows = ids.length > maxIdsOfFile ? undefined : await indexes.find(file.name, ids)
  if (foundRows === undefined) return 'common'
  const rowsOfPart = (part: Needle): RowsOfId => {
    if (part.is !== 'test') {
      const parts = part.parts.map(rowsOfPart)
      return part.is === 'any' ? anyOf(parts) : allOf(parts)
    }
    const idsOfPart = tests.idsOf(part)
    return idsOfPart === undefined ? 'common' : anyOf(idsOfPart.map((id) => foundRows.get(id) ?? []))
  }
  return rowsOfPart(needle)
}

function anyOf(parts: readonly RowsOfId[]): RowsOfId {
  const listedParts = parts.filter((part) => part !== 'common')
  return listedParts.length < parts.length ? 'common' : [...new Set(listedParts.flat())].sort((a, b) => a - b)
}

function allOf(parts: readonly RowsOfId[]): RowsOfId {
  return parts
    .filter((part) => part !== 'common')
    .reduce<RowsOfId>((left, part) => {
      const times = new Set(part)
      return left === 'common' ? part : left.filter((time) => times.has(time))
    }, 'common')
}

type FoundRows = Readonly<{ times: RowsOfId; sql: string | undefined }>

function conditionsOf(rowsOfFiles: readonly (readonly [StoredFile, FoundRows])[]): ViewInput['within'] {
  const listedFiles = rowsOfFiles
    .flatMap(([file, { times }]) => (times === 'common' ? [] : [{ file, times }]))
    .sort((a, b) => a.file.receivedMin - b.file.receivedMin)
  const isShort = listedFiles.reduce((sum, { times }) => sum + times.length, 0) <= maxTimes
  const moments = new Map<StoredFile, string>()
  for (let from = 0, to = 0; isShort && from < listedFiles.length; from = to) {
    const results = new Set<number>()
    while (to < listedFiles.length && (to === from || results.size + listedFiles[to]!.times.length <= timesOfScan))
      for (const time of listedFiles[to++]!.times) results.add(time)
    const sql = `"time_received" IN (${[...results].map((time) => `make_timestamptz(${time})`).join(', ')})`
    for (const { file } of listedFiles.slice(from, to)) moments.set(file, sql)
  }
  return new Map(
    rowsOfFiles.map(([file, { times, sql }]) => {
      const receiveTest = moments.get(file)
      const parts = [receiveTest, sql].filter((part) => part !== undefined)
      const rows = receiveTest === undefined ? file.rows : Math.min(file.rows, rowsOfTime * times.length)
      return [file.name, { sql: parts.join(' AND '), rows }]
    }),
  )
}
