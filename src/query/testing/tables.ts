import type { DuckDBConnection } from '@duckdb/node-api'
import type { Batch, EventBatch, Family, FlowBatch } from '../../model/batches.ts'
import type { Column } from '../../model/columns.ts'
import { DictionaryBuilder } from '../../model/dictionary.ts'
import { toEventBatch } from '../../model/events.ts'
import { formatIp } from '../../model/ip.ts'
import { serviceSql } from '../../model/service-port.ts'
import type { NameTable, QueryField, QueryKind } from '../names.ts'
import type { PlainValue, Row } from './rows.ts'

const sqlTypes: Partial<Record<QueryKind, string>> = {
  u8: 'UTINYINT',
  u16: 'USMALLINT',
  u32: 'UINTEGER',
  u64: 'UBIGINT',
  i32: 'INTEGER',
  f64: 'DOUBLE',
  estimate: 'HUGEINT',
  bool: 'BOOLEAN',
  time: 'TIMESTAMPTZ',
  'list<u8>': 'UTINYINT[]',
  'list<dict>': 'VARCHAR[]',
  json: 'JSON',
}

function ipWords(value: bigint): number[] {
  return [96n, 64n, 32n, 0n].map((shift) => Number((value >> shift) & 0xffff_ffffn))
}

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`

function cell({ kind }: QueryField, value: PlainValue | undefined): string {
  if (value === undefined) return 'NULL'
  if (kind === 'ip') return text(formatIp(Uint32Array.from(ipWords(value as bigint))))
  if (kind === 'mac') return text(((value as bigint).toString(16).padStart(12, '0').match(/../g) ?? []).join(':'))
  if (kind === 'time') return `make_timestamptz(${value as bigint})`
  if (kind === 'f64') return `'${Object.is(value, -0) ? '-0' : String(value)}'::DOUBLE`
  if (Array.isArray(value)) {
    const items = value as readonly (string | number)[]
    return `[${items.map((item) => (typeof item === 'string' ? text(item) : String(item))).join(', ')}]`
  }
  return typeof value === 'string' ? text(value) : String(value)
}

const service = serviceSql('duckdb')

/** With the types of the store, from a Parquet file if a path is given; `n` is the row's number. */
export async function makeView(
  connection: DuckDBConnection,
  names: NameTable,
  rows: readonly Row[],
  parquet?: string,
): Promise<void> {
  const columns = names.fields.map(({ name, kind }) => `"${name}" ${sqlTypes[kind] ?? 'VARCHAR'}`)
  await connection.run(
    `SET TimeZone = 'UTC'; CREATE OR REPLACE TABLE made_${names.view} (n INTEGER, ${columns.join(', ')})`,
  )
  const values = rows.map((row, n) => `(${n}, ${names.fields.map((field) => cell(field, row[field.name])).join(', ')})`)
  await connection.run(`INSERT INTO made_${names.view} VALUES ${values.join(', ')}`)
  if (parquet !== undefined)
    await connection.run(`COPY made_${names.view} TO ${text(parquet)} (FORMAT parquet, ROW_GROUP_SIZE 2048)`)
  // Parquet has no 128-bit integers.
  const estimates =
    names.view === 'flows'
      ? ' REPLACE (bytes::HUGEINT * coalesce(sampling, 1) AS bytes_est, ' +
        `packets::HUGEINT * coalesce(sampling, 1) AS packets_est, ${service.port} AS service_port, ` +
        `${service.initiator} AS initiator)`
      : ''
  await connection.run(
    `CREATE OR REPLACE VIEW ${names.view} AS SELECT *${estimates}
      FROM ${parquet === undefined ? `made_${names.view}` : `read_parquet(${text(parquet)})`}`,
  )
}

export function makeBatch(names: NameTable, rows: readonly Row[]): Batch {
  return names.view === 'flows' ? flowBatch(names, rows) : eventBatch(rows)
}

function flowBatch(names: NameTable, rows: readonly Row[]): FlowBatch {
  const dictionary = new DictionaryBuilder()
  const columns: Record<string, Column> = {}
  for (const { name, kind } of names.fields) {
    const isDerived = kind === 'text' || kind === 'estimate' || name === 'service_port'
    if (isDerived || rows.every((row) => row[name] === undefined)) continue
    columns[name] = column(
      kind,
      rows.map((row) => row[name]),
      dictionary,
    )
  }
  return { kind: 'flows', count: rows.length, dictionary: dictionary.strings, columns }
}

function column(kind: QueryKind, values: readonly (PlainValue | undefined)[], dictionary: DictionaryBuilder): Column {
  const valid = new Uint8Array((values.length + 7) >> 3)
  values.forEach((value, row) => {
    if (value !== undefined) valid[row >> 3] = (valid[row >> 3] ?? 0) | (1 << (row & 7))
  })
  const absent = values.includes(undefined) ? { valid } : {}
  const integers = values.map((value) => (typeof value === 'bigint' ? value : 0n))
  const numbers = integers.map(Number)
  const codes = (list: readonly (PlainValue | undefined)[]): Uint32Array =>
    Uint32Array.from(list, (value) => dictionary.code(value as string | undefined))
  const offsets = Uint32Array.from([0, ...values.map((value) => (Array.isArray(value) ? value.length : 0))])
  for (let row = 1; row < offsets.length; row++) offsets[row] = (offsets[row] ?? 0) + (offsets[row - 1] ?? 0)
  const items = values.flatMap((value) => (Array.isArray(value) ? (value as (string | number)[]) : []))
  switch (kind) {
    case 'u8':
      return { kind, values: Uint8Array.from(numbers), ...absent }
    case 'u16':
      return { kind, values: Uint16Array.from(numbers), ...absent }
    case 'u32':
      return { kind, values: Uint32Array.from(numbers), ...absent }
    case 'i32':
      return { kind, values: Int32Array.from(numbers), ...absent }
    case 'bool':
      return { kind: 'u8', values: Uint8Array.from(values, (value) => (value === true ? 1 : 0)), ...absent }
    case 'f64':
      return { kind, values: Float64Array.from(values, (value) => (typeof value === 'number' ? value : 0)), ...absent }
    case 'time':
      return { kind, values: Float64Array.from(integers, (value) => Number(value) / 1000), ...absent }
    case 'u64':
    case 'mac':
      return { kind, words: new Uint32Array(BigUint64Array.from(integers).buffer), ...absent }
    case 'ip':
      return { kind, words: Uint32Array.from(integers.flatMap(ipWords)), ...absent }
    case 'list<u8>':
      return { kind, offsets, items: Uint8Array.from(items as number[]) }
    case 'list<dict>':
      return { kind, offsets, items: codes(items) }
    default:
      return { kind: kind === 'json' ? 'json' : 'dict', codes: codes(values) }
  }
}

const utf8 = new TextEncoder()

function eventBatch(rows: readonly Row[]): EventBatch {
  return toEventBatch(
    rows.map((row) => {
      const text = (name: string): Record<string, string> =>
        row[name] === undefined ? {} : { [name]: row[name] as string }
      return {
        id: row['id'] as string,
        source: row['source'] as string,
        type: row['type'] as string,
        family: row['family'] as Family,
        ...text('subject'),
        ...text('datacontenttype'),
        ...text('dataschema'),
        ...text('ref'),
        ...text('key'),
        ...(row['time'] === undefined ? {} : { time: Number(row['time']) / 1000 }),
        ...(row['extensions'] === undefined
          ? {}
          : { extensions: JSON.parse(row['extensions'] as string) as Record<string, string> }),
        ...(row['data'] === undefined
          ? row['data_base64'] === undefined
            ? { encoding: 'none' as const }
            : { encoding: 'binary' as const, data: Buffer.from(row['data_base64'] as string, 'base64') }
          : { encoding: 'json' as const, data: utf8.encode(row['data'] as string) }),
      }
    }),
  )
}
