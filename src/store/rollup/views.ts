import { fileList } from '../duck.ts'
import { bucket, wholeSum } from './merge.ts'
import { filesOf } from './cover.ts'
import { dimensions, rollupColumns, rollups, stepMs, sums, type Rollup } from './schema.ts'
import { hasColumn } from '../schema.ts'
import { happenedWithin, type Receipt } from '../read/receipt.ts'
import type { Statement } from '../read/statement.ts'
import type { ViewInput } from '../read/views.ts'
import type { StoredFile } from '../record.ts'

/**
 * A rollup as a view: dimensions as view `flows` has them, sums as HUGEINT. One group may have several rows: they are to
 * be summed. `folded` says what a row has lost. `without`: files whose sums are known already.
 */
export function rollupView(rollup: Rollup, input: ViewInput, when?: Receipt, without?: ReadonlySet<string>): string {
  const groups = new Map<string, { file: (typeof input.files)[number]; paths: string[] }>()
  for (const file of rollupFiles(rollup, input.files, when)) {
    if (without?.has(file.name) === true) continue
    const key = `${file.stream} ${file.columns ?? ''}`
    const group = groups.get(key)
    const path = `${input.directory}/${file.name}`
    if (group === undefined) groups.set(key, { file, paths: [path] })
    else group.paths.push(path)
  }
  const types = dimensions.map(({ name, type }) => `NULL::${type} AS "${name}"`)
  if (groups.size === 0) return `SELECT NULL::TIMESTAMPTZ AS time, ${types.join(', ')}, ${sums.map((name) => `NULL::HUGEINT AS "${name}"`).join(', ')}, NULL::UTINYINT AS folded WHERE false`
  return [...groups.values()].map(({ file, paths }) => {
    const over = new Set(rollupColumns.filter((column) => hasColumn(file, column)).map(({ name }) => name))
    const columns = dimensions.map(({ name, type }) => (over.has(name) ? `"${name}"` : `NULL::${type} AS "${name}"`))
    const time = file.stream === rollup ? 'time' : `${bucket(rollup)} AS time`
    return `SELECT ${time}, ${columns.join(', ')}, ${sums.map((name) => `${wholeSum(name, over.has(`${name}_over`))} AS "${name}"`).join(', ')}, folded FROM read_parquet(${fileList(paths)})`
  }).join(' UNION ALL ')
}

/** Those of a rollup whose buckets may be of these times. */
export function rollupFiles(rollup: Rollup, files: readonly StoredFile[], when: Receipt | undefined): readonly StoredFile[] {
  // A bucket begins before what is in it.
  const bounds = when === undefined ? undefined : { from: when.from, to: when.to + stepMs[rollup] }
  return happenedWithin(filesOf(rollup, files), bounds)
}

/** Definitions of the rollups' views that a statement may speak of. */
export function rollupViews({ sql, times }: Pick<Statement, 'sql' | 'times'>, input: ViewInput): string {
  return rollups.filter((rollup) => sql.toLowerCase().includes(rollup)).map((rollup) => `; CREATE TEMP VIEW ${rollup} AS ${rollupView(rollup, input, times[rollup])}`).join('')
}
