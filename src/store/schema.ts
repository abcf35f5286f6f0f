import { auditColumns, type AuditColumn } from '../model/audit-columns.ts'
import { costColumns } from '../model/cost-columns.ts'
import type { EndpointPart } from '../model/endpoint.ts'
import { insightColumns, type InsightColumn } from '../model/image-insights.ts'
import type { ColumnKind } from '../model/columns.ts'
import { flowFields, type Field } from '../model/fields.ts'
import type { Stream } from './names.ts'
import type { StoredFile } from './record.ts'
import { rollupColumns } from './rollup/schema.ts'

/** Changes with the field registry, or with the meaning of column metadata. */
export const schemaVersion = 3

export type FileColumn = Readonly<{
  name: string
  type: string
  since: number
  /** In `columnSet`; if absent, every file since that version has the column. */
  bit?: number
  /** Earlier files have the column regardless of their set. */
  leftOutSince?: number
}>

const typeOfKind: Readonly<Record<ColumnKind, string>> = {
  u8: 'UTINYINT',
  u16: 'USMALLINT',
  u32: 'UINTEGER',
  u64: 'UBIGINT',
  i32: 'INTEGER',
  f64: 'DOUBLE',
  time: 'TIMESTAMPTZ',
  mac: 'VARCHAR',
  ip: 'BIGINT',
  dict: 'VARCHAR',
  json: 'JSON',
  'list<u8>': 'UTINYINT[]',
  'list<dict>': 'VARCHAR[]',
}

/** Files contain numbers, the manifest the strings. */
export const dictionaryFields: ReadonlySet<string> = new Set(['protocol', 'scope'])

/** src_addr → src_ep, next_hop → next_hop_ep. */
export function endpointColumn(field: string): string {
  return `${field.replace(/_addr$/, '')}_ep`
}

const origin: readonly FileColumn[] = [
  { name: '_source', type: 'USMALLINT', since: 1 },
  { name: '_epoch', type: 'UINTEGER', since: 1 },
  { name: '_sequence', type: 'UBIGINT', since: 1 },
  { name: '_row', type: 'UINTEGER', since: 1 },
]

export interface FlowColumn extends FileColumn {
  readonly field: string
  readonly kind: ColumnKind
}

export const flowColumns: readonly FlowColumn[] = (flowFields as readonly Field[]).map(({ id, name, kind, since }) => ({
  name: kind === 'ip' ? endpointColumn(name) : name,
  type: dictionaryFields.has(name) ? 'UINTEGER' : typeOfKind[kind],
  since,
  bit: id,
  field: name,
  kind,
}))

const text = (name: string): FileColumn => ({ name, type: 'VARCHAR', since: 1 })

const eventColumns: readonly FileColumn[] = [
  text('id'),
  text('source'),
  text('type'),
  text('subject'),
  { name: 'time', type: 'TIMESTAMPTZ', since: 1 },
  text('datacontenttype'),
  text('dataschema'),
  { name: 'extensions', type: 'JSON', since: 1 },
  { name: 'data', type: 'JSON', since: 1 },
  text('data_base64'),
  text('family'),
  text('key'),
  text('ref'),
  { name: 'time_received', type: 'TIMESTAMPTZ', since: 1 },
]

export { auditColumns, type AuditColumn }

const fromAudits: readonly FileColumn[] = auditColumns.map((name, index) => ({
  name,
  type: 'VARCHAR',
  since: Infinity,
  bit: 1 + index,
}))

export { insightColumns, type InsightColumn }

/** After the columns of audit events, which may become more. */
export const columnsOfInsights: readonly FileColumn[] = insightColumns.map((name, index) => ({
  name,
  type: 'VARCHAR',
  since: Infinity,
  bit: 64 + index,
}))

/** After the columns of insights, which may become more. */
const fromCosts: readonly FileColumn[] = costColumns.map((name, index) => ({
  name,
  type: 'VARCHAR',
  since: Infinity,
  bit: 128 + index,
}))

/** Unix ms, as text, of the minute in which a watched cluster lacked the address. */
export const unknownColumn = 'unknown_at'

/** Numbers are permanent: append only. */
const workloadColumns: readonly FileColumn[] = [
  ...([
    'kind',
    'namespace',
    'owner_name',
    'owner_kind',
    'node',
    'zone',
    'network',
    'cluster',
  ] as const satisfies readonly EndpointPart[]),
  unknownColumn,
].map((name, index) => ({ name, type: 'VARCHAR', since: 3, bit: 2 + index }))

/** Numbers are permanent: append only. After `name` and `label`. */
const laterWorkloadColumns: readonly FileColumn[] = (
  ['layer', 'node_addr'] as const satisfies readonly EndpointPart[]
).map((name, index) => ({ name, type: 'VARCHAR', since: Infinity, bit: 13 + index }))

export const fileColumns: Readonly<Record<Stream, readonly FileColumn[]>> = {
  flows: [...flowColumns, ...origin],
  events: [...eventColumns, ...origin, ...fromAudits, ...columnsOfInsights, ...fromCosts],
  endpoints: [
    { name: 'ep', type: 'BIGINT', since: 1, bit: 1 },
    text('addr'),
    { ...text('name'), bit: 11, leftOutSince: 3 },
    { ...text('label'), bit: 12, leftOutSince: 3 },
    ...workloadColumns,
    ...laterWorkloadColumns,
  ],
  flows_1m: rollupColumns,
  flows_5m: rollupColumns,
  flows_1h: rollupColumns,
}

/** One bit per column number, in hexadecimal, lowest digit first. */
export function columnSet(stream: Stream, names: Iterable<string>): string | undefined {
  const numbers = new Map(fileColumns[stream].map(({ name, bit }) => [name, bit]))
  const digits: number[] = []
  for (const name of names) {
    const bit = numbers.get(name)
    if (bit === undefined) continue
    while (digits.length <= bit >> 2) digits.push(0)
    digits[bit >> 2] = (digits[bit >> 2] ?? 0) | (1 << (bit & 3))
  }
  return digits.length === 0 ? undefined : digits.map((digit) => digit.toString(16)).join('')
}

export function hasColumn(
  { schema, columns }: Pick<StoredFile, 'schema' | 'columns'>,
  { since, bit, leftOutSince = 0 }: FileColumn,
): boolean {
  if (columns === undefined || bit === undefined || schema < leftOutSince) return since <= schema
  return ((Number.parseInt(columns[bit >> 2] ?? '0', 16) >> (bit & 3)) & 1) === 1
}

/** Whether rows of costs have their columns, which earlier versions did not write. Undefined without such rows. */
export function hasCostColumns(
  file: Pick<StoredFile, 'stream' | 'families' | 'schema' | 'columns'>,
): boolean | undefined {
  const holdsCosts = file.stream === 'events' && (file.families?.includes('cost') ?? true)
  return holdsCosts ? hasColumn(file, fromCosts[0]!) : undefined
}

export function unionOf(sets: readonly (string | undefined)[]): string | undefined {
  const knownSets = sets.filter((set) => set !== undefined)
  if (knownSets.length === 0) return undefined
  const digits = Math.max(...knownSets.map((set) => set.length))
  return Array.from({ length: digits }, (_, at) =>
    knownSets.reduce((bits, set) => bits | Number.parseInt(set[at] ?? '0', 16), 0).toString(16),
  ).join('')
}
