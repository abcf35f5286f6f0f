import { bitAndSql } from '../model/service-port.ts'
import type { Dialect } from './dialect.ts'
import { addressSql } from './sql-address.ts'
import { beginsSql, foundSql, integerSql, name, text, timeSql } from './sql-text.ts'

const same = (sql: string) => sql
const path = (keys: readonly string[]) => ['$', ...keys].join('.')
/** A JSON pointer for keys that a path cannot contain. */
const position = (keys: readonly string[]) =>
  keys.every((key) => /^[A-Za-z_]\w*$/.test(key))
    ? path(keys)
    : keys.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
const wholeNumber = "'^-?[0-9]{1,38}$'"

export const duckdb: Dialect = {
  name: 'duckdb',
  text,
  identifier: name,
  integer: integerSql,
  double: (written) => `${text(written)}::DOUBLE`,
  time: timeSql,

  // IS DISTINCT FROM in an OR is incorrect in DuckDB 1.5.5 for files with one value.
  opposite: (test) => `(${test}) IS NOT TRUE`,
  decided: (test) => `coalesce(${test}, false)`,
  begins: beginsSql,
  startsWith: (column, part) => `starts_with(${column}, ${text(part)})`,
  contains: (column, part) => `contains(${column}, ${text(part)})`,
  found: foundSql,
  like(column, wildcard) {
    const escaped = /[%_\\]/.test(wildcard)
    const pattern = text((escaped ? wildcard.replace(/[%_\\]/g, '\\$&') : wildcard).replaceAll('*', '%'))
    // LIKE is optimized only without an escape.
    return `${column} LIKE ${escaped ? `${pattern} ESCAPE '\\'` : pattern}`
  },
  address: addressSql,
  anyItem: (list, test) => `len(list_filter(${list}, lambda item: ${test('item')})) > 0`,
  hasItems: (list) => `len(${list}) > 0`,

  number: (column) => `nullif(${column}, 'NaN'::DOUBLE)`,
  wide: (column) => `${column}::HUGEINT`,
  ordered: same,
  addressText: same,
  hashed: (value) => `hash(${value})`,
  asText: (column) => `CAST(${column} AS VARCHAR)`,
  exactDouble: (column) => `${column}::VARCHAR`,
  micros: (time) => `epoch_us(${time})`,
  divide: (value, by) => `${value} // ${by}`,
  // `//` rounds towards zero.
  floorDivide: (value, by) => `(${value} - (${value} % ${by} + ${by}) % ${by}) // ${by}`,
  isoTime: (time) => `CASE WHEN epoch_us(${time}) % 1000 = 0
      THEN strftime(make_timestamp(epoch_us(${time})), '%Y-%m-%dT%H:%M:%S.%gZ')
      ELSE strftime(make_timestamp(epoch_us(${time})), '%Y-%m-%dT%H:%M:%S.%fZ') END`,
  joined: (separator, texts) => `concat_ws(${text(separator)}, ${texts.join(', ')})`,
  pairs: (json) =>
    `list_transform(map_entries(CAST(${json} AS MAP(VARCHAR, VARCHAR))), lambda label: concat(label.key, '=',
        label.value))`,
  lower: (column) => `lower(${column})`,
  firstGroup: (column, pattern) => `regexp_extract(${column}, ${text(pattern)}, 1)`,
  part: (column, separator, index) => `split_part(${column}, ${text(separator)}, ${index})`,
  jsonText: (json, keys) => `(${json}->>${text(position(keys))})`,
  jsonMember: (json, ...keys) => `json_extract(${json}, ${text(position(keys))})`,
  jsonKeys: (json) => `unnest(json_keys(${json}))`,
  wholeOf: (raw) => `CASE WHEN regexp_matches(${raw}, ${wholeNumber}) THEN TRY_CAST(${raw} AS HUGEINT) END`,
  fractionOf: (raw) =>
    `CASE WHEN regexp_matches(${raw}, '^-?[0-9]') AND NOT regexp_matches(${raw}, ${wholeNumber})
        THEN TRY_CAST(${raw} AS DOUBLE) END`,
  doubleOf: (raw) => `CASE WHEN regexp_matches(${raw}, '^-?[0-9]') THEN TRY_CAST(${raw} AS DOUBLE) END`,
  keyText: (value, characters) => `replace(substring(${value}, 1, ${characters}), chr(0), ' ')`,
  jsonItems: (json) => `unnest(CAST(${json} AS JSON[]))`,
  jsonTexts: (json, keys, member) =>
    `coalesce(json_extract_string(${json}, ${text(`${path(keys)}[*].${member}`)}), [])`,
  integerOf: (value) => `TRY_CAST(${value} AS BIGINT)`,
  timeOf: (value) => `TRY_CAST(${value} AS TIMESTAMPTZ)`,
  moment: (iso) => `TIMESTAMPTZ ${text(iso)}`,
  mapped: (value, pairs, otherwise) =>
    `coalesce(MAP {${pairs.map((pair) => pair.map(text).join(': ')).join(', ')}}[${value}], ${text(otherwise)})`,
  same: (one, other) => `${one} IS NOT DISTINCT FROM ${other}`,
  bit: (column) => `${column}::UTINYINT`,
  truth: same,

  sum: (value) => `sum(${value})`,
  min: (value) => `min(${value})`,
  average: (value) => `avg(${value})`,
  anyTrue: (test) => `bool_or(${test})`,
  bitOr: (value) => `bit_or(${value})`,
  bitAnd: bitAndSql.duckdb,
  percentiles: (value, percents) =>
    `quantile_disc(${value},
      [${percents.map((percent) => percent / 100).join(', ')}])`,
  percentile: (value, percent) => `quantile_disc(${value}, ${percent / 100})`,
  unnest: (list) => `unnest(${list})`,
  distinct: (list) => `list_distinct(${list})`,
  firstItems: (list, count) => `(${list})[1:${count}]`,
  listText: (list) => `array_to_string(${list}, ' ')`,
  valueAt: (value, by) => `arg_max(${value}, ${by})`,
  collected: (value) => `coalesce(list_sort(list(DISTINCT ${value}) FILTER (WHERE ${value} IS NOT NULL)), [])`,
  collectedFew: (value) => `coalesce(list_sort(list_distinct(list(${value}))), [])`,
  ranked: (value, by) => `list(${value} ORDER BY ${by} DESC, ${value})`,
  merged: (list) => `coalesce(list_sort(list_distinct(flatten(list(${list})))), [])`,
  allBut: (table, columns) => `${table}.* EXCLUDE (${columns.join(', ')})`,

  hasParts: true,
  hasHourSums: false,
  changesIn: () => 'changes',
  relationsAmong: () => 'relations',
  stored: (cte, select) => `${cte} AS MATERIALIZED (${select})`,
  inlined: (cte, select) => `${cte} AS NOT MATERIALIZED (${select})`,
  semiJoin: 'SEMI JOIN',
}
