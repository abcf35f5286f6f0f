import { columnSql, duckdb, rowTables, type Dialect, type QueryField } from '../query/index.ts'
import { conditionOf, fieldTime, withinSql, type TimeSpan } from '../query/plan/index.ts'
import type { FilterRule } from './rule.ts'

/** Windows use the receive time: a row that arrives late counts in the window of its arrival. */
const time = fieldTime('time_received')

/** Maximum number of groups that are read. Groups that meet the condition come first. */
export const maxGroups = 1000

export function spanOf({ window }: FilterRule, at: number): TimeSpan {
  return { from: BigInt(at - window) * 1000n, to: BigInt(at) * 1000n }
}

/** Rows with `g0` … (texts) and `value`. Without groups one row; without a matching row its `n` is 0. */
export function samplesSql(rule: FilterRule, at: number, dialect: Dialect): string {
  const names = rowTables[rule.view]
  const condition = conditionOf({ names, filter: rule.filter, time, span: spanOf(rule, at) }, dialect)
  const groups = groupsOf(rule, dialect)
  const order = rule.condition.operator.startsWith('<') ? 'ASC' : 'DESC'
  const groupClause = groups.length === 0 ? '' : ` GROUP BY ${groups.map((_, index) => index + 1).join(', ')}`
  return (
    `SELECT ${[...groups, `${valueSql(rule, dialect)} AS value`, 'count(*) AS n'].join(', ')} FROM ${names.view} ` +
    `WHERE ${condition}${groupClause} ORDER BY value ${order} NULLS LAST LIMIT ${maxGroups}`
  )
}

/** SQL of the groups with their column names. */
function groupsOf({ by }: FilterRule, dialect: Dialect): readonly string[] {
  return by.map((field, index) => {
    const column = columnSql(field, dialect)
    const text = field.kind === 'ip' ? dialect.addressText(column) : dialect.asText(column)
    return `${text} AS ${dialect.identifier(`g${index}`)}`
  })
}

/** Evaluations at `first`, `first + step` …, before `first + count * step`; Unix ms. */
export type Evaluations = Readonly<{ first: number; step: number; count: number }>

/**
 * Rows with `k` (the number of the evaluation), the groups of {@link samplesSql}, `value` and `n`, for groups that meet
 * the condition at least once; and, with `all`, a row for each evaluation that matched any, with the largest value, or
 * the smallest for `<`. For DuckDB.
 */
export function previewSql(rule: FilterRule, evaluations: Evaluations, limit: number): string {
  const names = rowTables[rule.view]
  const condition = conditionOf({ names, filter: rule.filter, time, span: spanOfAll(rule, evaluations) }, duckdb)
  const groups = groupsOf(rule, duckdb)
  const groupNames = groups.map((_, index) => `g${index}`)
  const { operator, threshold } = rule.condition
  const rate = rule.perSecond ? ` / ${rule.window / 1000}::DOUBLE` : ''
  const isMet = `coalesce((value::DOUBLE)${rate} ${operator} ${threshold}::DOUBLE, false)`
  const by = Array.from({ length: 1 + groups.length }, (_, index) => index + 1).join(', ')
  // Without groups, every value decides about the state.
  const everMet =
    groupNames.length === 0 ? '' : ` QUALIFY max((${isMet})::TINYINT) OVER (PARTITION BY ${groupNames.join(', ')}) = 1`
  const extreme = operator.startsWith('<') ? 'min' : 'max'
  const samples = ['k', ...groups, `${valueSql(rule, duckdb)} AS value`, 'count(*) AS n']
  return (
    `WITH samples AS MATERIALIZED (SELECT ${samples.join(', ')} ` +
    `FROM (SELECT *, ${evaluationsOf(rule, evaluations)} AS k FROM ${names.view} WHERE ${condition}) GROUP BY ${by}) ` +
    `SELECT false AS "all", ${['k', ...groupNames, 'value', 'n'].join(', ')} FROM (SELECT * FROM samples${everMet}) ` +
    `UNION ALL SELECT true, ${['k', ...groupNames.map(() => 'NULL'), `${extreme}(value)`, 'sum(n)'].join(', ')} ` +
    `FROM samples GROUP BY k LIMIT ${limit}`
  )
}

/** Evaluations with any row in their window, whatever the filter; for DuckDB. */
export function previewAnySql(rule: FilterRule, evaluations: Evaluations): string {
  return (
    `SELECT DISTINCT ${evaluationsOf(rule, evaluations)} AS k FROM ${rowTables[rule.view].view} ` +
    `WHERE ${withinSql('time_received', spanOfAll(rule, evaluations), duckdb)}`
  )
}

function spanOfAll({ window }: FilterRule, { first, step, count }: Evaluations): TimeSpan {
  return { from: BigInt(first - window) * 1000n, to: BigInt(first + step * (count - 1)) * 1000n }
}

/** A row for each evaluation with the time in its window: from `at - window`, before `at`. */
function evaluationsOf({ window }: FilterRule, { first, step, count }: Evaluations): string {
  const since = (at: number) =>
    duckdb.floorDivide(`(${duckdb.micros('time_received')} - ${BigInt(at) * 1000n})`, BigInt(step) * 1000n)
  return duckdb.unnest(`range(greatest(0, ${since(first)} + 1), least(${count}, ${since(first - window)} + 1))`)
}

function valueSql({ aggregate }: FilterRule, dialect: Dialect): string {
  if (aggregate.is === 'count') return 'count(*)'
  if (aggregate.is !== 'stat') return dialect.sum(`${aggregate.is}_est`)
  const { stat, of } = aggregate
  const isField = 'name' in of
  const value = isField ? fieldSql(of, dialect) : `TRY_CAST(${dialect.jsonText('data', of)} AS DOUBLE)`
  const kind = isField ? of.kind : 'f64'
  if (stat === 'avg') return dialect.average(value, kind)
  if (stat === 'sum') return dialect.sum(value)
  if (stat === 'min' || stat === 'max') return `${stat}(${value})`
  return dialect.percentile(value, Number(stat.slice(1)))
}

/** SQL of a field; NaN counts as absent. */
function fieldSql(field: QueryField, dialect: Dialect): string {
  const column = columnSql(field, dialect)
  return field.kind === 'f64' ? dialect.number(column) : column
}

/** A row if the view has any data in the window, whatever the filter. */
export function anySql(rule: FilterRule, at: number, dialect: Dialect): string {
  return (
    `SELECT 1 AS found FROM ${rowTables[rule.view].view} ` +
    `WHERE ${withinSql('time_received', spanOf(rule, at), dialect)} LIMIT 1`
  )
}
