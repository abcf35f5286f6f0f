import { fileList } from '../duck.ts'
import { dimensions, groupLimits, rollupColumns, stepMs, sums, type Rollup } from './schema.ts'

const limit = '18446744073709551616'

export function bucket(rollup: Rollup, time = 'time'): string {
  const seconds = stepMs[rollup] / 1000
  return `to_timestamp(floor(epoch(${time}) / ${seconds}) * ${seconds})`
}

/** @param columns of the files; few have the second column of a sum. */
export function wholeSum(name: string, columns: ReadonlySet<string>): string {
  const whole = `"${name}"::HUGEINT`
  return columns.has(`${name}_over`)
    ? `CASE WHEN "${name}_over" IS NULL THEN ${whole} ELSE ${whole} + "${name}_over"::HUGEINT * ${limit} END`
    : whole
}

/** Sums by the step of `rollup`; the rest beyond the limit of groups is folded. `names`: columns that some file has. */
export function mergeQuery(
  rollup: Rollup,
  from: readonly string[],
  names: ReadonlySet<string>,
): Readonly<{ sql: string; columns: readonly string[] }> {
  const dims = dimensions.filter(({ name }) => names.has(name))
  const listed = (level: number) =>
    dims
      .map(({ name, type, lostAt }) => ((lostAt ?? 3) > level ? `"${name}"` : `NULL::${type} AS "${name}"`))
      .map((text) => `, ${text}`)
      .join('')
  const grouped = dims.map(({ name }) => `, "${name}"`).join('')
  const added = sums.map((name) => `sum("${name}") AS "${name}"`).join(', ')
  const plain = sums.map((name) => `"${name}"`).join(', ')
  const ranked = (level: number, source: string) =>
    `SELECT *, row_number() OVER (PARTITION BY time ORDER BY bytes_est DESC, flows DESC) AS rank FROM ${source}
      WHERE folded = ${level}`
  const folded = (level: number, over: string) =>
    `SELECT time, ${level}::UTINYINT AS folded${grouped}, ${added} FROM (SELECT time${listed(0)}, ${plain} FROM parts
      WHERE folded = ${level} UNION ALL SELECT time${listed(level)}, ${plain} FROM ${over}) GROUP BY ALL`
  const { whole, reduced, least } = groupLimits[rollup]
  const out = [
    ...sums.map((name) => `("${name}" % ${limit})::UBIGINT AS "${name}"`),
    ...sums
      .filter((name) => name !== 'flows')
      .map((name) => `nullif("${name}" // ${limit}, 0)::UBIGINT AS "${name}_over"`),
  ]
  const part = (source: string) => `SELECT time, folded${grouped}, ${plain} FROM ${source}`
  const sql = `WITH parts AS MATERIALIZED
      (SELECT ${bucket(rollup)} AS time, folded${grouped},
      ${sums.map((name) => `sum(${wholeSum(name, names)}) AS "${name}"`).join(', ')}
    FROM read_parquet(${fileList(from)}, union_by_name = true) GROUP BY ALL),
  zero AS MATERIALIZED (${ranked(0, 'parts')}),
  one AS MATERIALIZED (${ranked(1, `(${folded(1, `(SELECT * FROM zero WHERE rank > ${whole})`)})`)}),
  two AS MATERIALIZED (${ranked(2, `(${folded(2, `(SELECT * FROM one WHERE rank > ${reduced})`)})`)}),
  three AS (${folded(3, `(SELECT * FROM two WHERE rank > ${least})`)})
  SELECT time, folded${grouped}, ${out.join(', ')} FROM (
    ${part(`zero WHERE rank <= ${whole}`)} UNION ALL ${part(`one WHERE rank <= ${reduced}`)}
    UNION ALL ${part(`two WHERE rank <= ${least}`)} UNION ALL ${part('three')}
  ) ORDER BY time, folded`
  const columns = rollupColumns.map(({ name }) => name).filter((name) => names.has(name) || name.endsWith('_over'))
  return { sql, columns }
}
