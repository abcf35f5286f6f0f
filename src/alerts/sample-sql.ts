import { columnSql, rowTables, type Dialect, type QueryField } from '../query/index.ts'
import { conditionOf, fieldTime, withinSql, type TimeSpan } from '../query/plan/index.ts'
import type { FilterRule } from './rule.ts'

/** By the receive time: a row that arrives late counts in the window of its arrival. */
const time = fieldTime('time_received')

/** More groups are not read. Those that meet the condition come first. */
export const maxGroups = 1000

export function spanOf({ window }: FilterRule, at: number): TimeSpan {
  return { from: BigInt(at - window) * 1000n, to: BigInt(at) * 1000n }
}

/** Rows with `g0` … (texts) and `value`. Without groups one row; without a matching row its `n` is 0. */
export function samplesSql(rule: FilterRule, at: number, dialect: Dialect): string {
  const names = rowTables[rule.view]
  const where = conditionOf({ names, filter: rule.filter, time, span: spanOf(rule, at) }, dialect)
  const groups = rule.by.map((field, index) => {
    const column = columnSql(field, dialect)
    const text = field.kind === 'ip' ? dialect.addressText(column) : dialect.asText(column)
    return `${text} AS ${dialect.identifier(`g${index}`)}`
  })
  const order = rule.condition.operator.startsWith('<') ? 'ASC' : 'DESC'
  const grouped = groups.length === 0 ? '' : ` GROUP BY ${groups.map((_, index) => index + 1).join(', ')}`
  return (
    `SELECT ${[...groups, `${valueSql(rule, dialect)} AS value`, 'count(*) AS n'].join(', ')} FROM ${names.view} ` +
    `WHERE ${where}${grouped} ORDER BY value ${order} NULLS LAST LIMIT ${maxGroups}`
  )
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

/** NaN counts as absent. */
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
