import { auditColumns, hasColumn, type AuditColumn, type FileColumn } from '../schema.ts'
import type { CachedRows } from '../read/file-cache.ts'
import type { TimeBounds } from '../read/receipt.ts'
import { position, type ViewInput } from '../read/views.ts'
import type { StoredFile } from '../record.ts'
import { eventsOf } from './events.ts'

const columns = [
  'time',
  ...auditColumns.flatMap((name) => (name === 'resource_type' ? ['resource', name] : [name])),
  'id',
  'source',
  'type',
  'data',
] as const

/** Columns with distinct values per event would need more memory than these. */
const cachedTexts: readonly ('resource' | 'source' | AuditColumn)[] = [
  'resource',
  'source',
  ...auditColumns.filter((name) => name !== 'request_id' && name !== 'resource_id'),
]
export const cachedColumns = ['time', ...cachedTexts.map((name) => `"${name}"`)].join(', ')
const actorColumn: FileColumn = { name: 'actor', type: 'VARCHAR', since: Infinity, bit: 1 }

export function isCacheable(file: StoredFile): boolean {
  return file.families?.includes('audit') === true && hasColumn(file, actorColumn)
}

export function cachedColumnsSql(files: string, first: number): string {
  return `SELECT (file_index + ${first})::UINTEGER AS file, ${cachedColumns.replace('"resource"', 'ref AS resource')}
      FROM read_parquet(${files}, union_by_name = true) WHERE family = 'audit'`
}

export const uncachedColumns: ReadonlySet<string> = new Set(
  [...columns, '_pos'].filter((name) => name !== 'time' && !cachedTexts.some((cached) => cached === name)),
)

/** Plain columns, so that conditions apply in the scan. `cached`: rows of files. */
export function auditView(input: ViewInput, when?: TimeBounds, cached?: CachedRows): string {
  const read =
    cached === undefined ? input : { ...input, files: input.files.filter(({ name }) => !cached.names.has(name)) }
  const rows = `SELECT
      ${columns.map((name) => (name === 'resource' ? 'r.ref AS resource' : `r.${name}`)).join(', ')},
      ${position(input)} FROM (${eventsOf('audit', read, when)}) r`
  if (cached?.sql === undefined) return rows
  const selected = columns.map((name) =>
    uncachedColumns.has(name) ? `NULL::${name === 'data' ? 'JSON' : 'VARCHAR'} AS ${name}` : name,
  )
  return `SELECT ${selected.join(', ')}, NULL::VARCHAR AS _pos FROM (${cached.sql}) UNION ALL ${rows}`
}
