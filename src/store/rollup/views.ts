import { fileList } from '../duck.ts'
import { bucket, wholeSum } from './merge.ts'
import { filesOf } from './cover.ts'
import { dimensions, rollupColumns, rollups, stepMs, sums, type Rollup } from './schema.ts'
import { registeredServiceSql } from '../../model/service-port.ts'
import { hasColumn } from '../schema.ts'
import { happenedWithin, type TimeBounds } from '../read/receipt.ts'
import type { Statement } from '../read/statement.ts'
import type { ViewInput } from '../read/views.ts'
import type { StoredFile } from '../record.ts'

export type RollupPart = Readonly<{
  when?: TimeBounds | undefined
  without?: ReadonlySet<string> | undefined
  /** Besides time and `folded`; default: all. */
  only?: ReadonlySet<string>
  numbers?: ReadonlyMap<string, number>
}>

/** Dimensions as in view `flows`, sums as HUGEINT. A group can have several rows. */
export function rollupView(
  rollup: Rollup,
  input: ViewInput,
  { when, without, only, numbers }: RollupPart = {},
): string {
  const isRequested = ({ name }: { name: string }) => only?.has(name.replace(/_over$/, '')) ?? true
  const [requestedDimensions, requestedSums] = [
    dimensions.filter(isRequested),
    sums.filter((name) => isRequested({ name })),
  ]
  const groups = new Map<string, Readonly<{ stream: string; has: ReadonlySet<string>; names: string[] }>>()
  for (const file of rollupFiles(rollup, input.files, when)) {
    if (without?.has(file.name) === true) continue
    const has = rollupColumns.filter((column) => isRequested(column) && hasColumn(file, column)).map(({ name }) => name)
    const key = [file.stream, ...has].join(' ')
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { stream: file.stream, has: new Set(has), names: [file.name] })
    else group.names.push(file.name)
  }
  const types = requestedDimensions.map(({ name, type }) => `NULL::${type} AS "${name}"`)
  if (groups.size === 0)
    return `SELECT NULL::TIMESTAMPTZ AS time, ${types.join(', ')},
        ${requestedSums.map((name) => `NULL::HUGEINT AS "${name}"`).join(', ')}, NULL::UTINYINT AS folded WHERE false`
  return [...groups.values()]
    .map(({ stream, has, names }) => {
      const columns = requestedDimensions.map(({ name, type }) =>
        has.has(name) ? `"${name}"` : `NULL::${type} AS "${name}"`,
      )
      const time = stream === rollup ? 'time' : `${bucket(rollup)} AS time`
      const file =
        numbers === undefined
          ? ''
          : `, [${names.map((name) => numbers.get(name) ?? 'NULL').join(', ')}][(file_index + 1)::BIGINT]::UINTEGER
              AS file`
      return `SELECT ${time}, ${columns.join(', ')},
          ${requestedSums.map((name) => `${wholeSum(name, has)} AS "${name}"`).join(', ')},
          folded${file} FROM read_parquet(${fileList(names.map((name) => `${input.directory}/${name}`))})`
    })
    .join(' UNION ALL ')
}

export function rollupFiles(
  rollup: Rollup,
  files: readonly StoredFile[],
  when: TimeBounds | undefined,
): readonly StoredFile[] {
  const bounds = when === undefined ? undefined : { from: when.from, to: when.to + stepMs[rollup] }
  return happenedWithin(filesOf(rollup, files), bounds)
}

const service = registeredServiceSql('src_port', 'dst_port')

export function rollupViews(
  { sql, reads, eventTimes: times }: Pick<Statement, 'sql' | 'reads' | 'eventTimes'>,
  input: ViewInput,
): string {
  return rollups
    .filter((rollup) => reads?.has(rollup) ?? sql.toLowerCase().includes(rollup))
    .map(
      (rollup) =>
        `; CREATE TEMP VIEW ${rollup} AS SELECT *, ${service.port} AS service_port, ${service.initiator} AS initiator
          FROM (${rollupView(rollup, input, { when: times[rollup] })})`,
    )
    .join('')
}
