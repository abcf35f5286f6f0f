import type { Dialect } from './dialect.ts'
import { formatIp } from '../model/ip.ts'
import { clusterRelations } from '../model/kubernetes.ts'
import { bitAndSql } from '../model/service-port.ts'
import type { Interval } from './intervals.ts'
import { clampedTime } from './times.ts'

/** Settings that the statements need, for each query. */
export const clickhouseSettings: Readonly<Record<string, string>> = {
  // An absent row of a join is NULL, as in SQL.
  join_use_nulls: '1',
  cast_keep_nullable: '1',
  transform_null_in: '0',
  // Names mean columns of the table before columns of the result.
  prefer_column_name_to_alias: '1',
  joined_subquery_requires_alias: '0',
  enable_materialized_cte: '1',
  precise_float_parsing: '1',
}

function text(value: string) {
  return `'${value.replace(/['\\]/g, '\\$&')}'`
}

function integer(value: bigint) {
  // A literal beyond 64 bits is a double.
  return value >= -(1n << 63n) && value < 1n << 64n ? String(value) : `toInt256('${value}')`
}

function addressLiteral(value: bigint) {
  const words = Uint32Array.from([96n, 64n, 32n, 0n], (shift) => Number((value >> shift) & 0xffff_ffffn))
  return `toIPv6(${text(formatIp(words))})`
}

function address(column: string, intervals: readonly Interval[]): string {
  const singles = intervals.filter(({ low, high }) => low === high).map(({ low }) => addressLiteral(low))
  const ranges = intervals
    .filter(({ low, high }) => low !== high)
    .map(({ low, high }) => `${column} BETWEEN ${addressLiteral(low)} AND ${addressLiteral(high)}`)
  const parts = [
    ...(singles.length === 0
      ? []
      : [singles.length === 1 ? `${column} = ${singles[0]}` : `${column} IN (${singles.join(', ')})`]),
    ...ranges,
  ]
  return parts.length === 1 ? parts[0]! : `(${parts.join(' OR ')})`
}

/** ClickHouse writes `::ffff:10.0.0.1`, and `::0.1.0.2` for `::1:2`. */
function addressText(column: string): string {
  const word = (from: number) => `replaceRegexpOne(lower(substring(hex(${column}), ${from}, 4)), '^0{1,3}', '')`
  return (
    `multiIf(${column} BETWEEN toIPv6('::ffff:0.0.0.0') AND toIPv6('::ffff:255.255.255.255'), ` +
    `substring(toString(${column}), 8), ${column} BETWEEN toIPv6('::1:0') AND toIPv6('::ffff:ffff'), ` +
    `concat('::', ${word(25)}, ':', ${word(29)}), toString(${column}))`
  )
}

/**
 * `.` matches a line feed in ClickHouse unless the flag is unset. ClickHouse (26.9) takes bytes of `ä` and digits of
 * `\x41` for characters.
 */
function foundPattern(pattern: string): string {
  const exact = pattern.replace(
    /\\x([0-9a-fA-F]{2})|(\\.)|[^\0-\x7f]/gsu,
    (match: string, hex: string | undefined, escape: string | undefined) =>
      escape ?? `\\x{${hex ?? (match.codePointAt(0) ?? 0).toString(16)}}`,
  )
  return `(?-s:${exact})`
}

/** Columns with JSON are texts, and may be NULL. */
function jsonBody(json: string) {
  return `ifNull(toString(${json}), '')`
}

function jsonList(json: string, keys: readonly string[]) {
  return `JSONExtractArrayRaw(${[jsonBody(json), ...keys.map(text)].join(', ')})`
}

function floorDivide(value: string, by: bigint) {
  // intDiv rounds towards zero.
  return `intDiv(${value} - positiveModulo(${value}, ${by}), ${by})`
}

const ofCluster: ReadonlySet<string> = new Set(clusterRelations)

const wholeNumber = "'^-?[0-9]{1,38}$'"

/** IN, to which ClickHouse (26.9) converts several tests, distinguishes -0 from 0. */
function number(column: string) {
  return `if(isNaN(${column}), NULL, ${column} + 0.)`
}

/** NULLs are not values of the group. */
function nearestRank(value: string, percent: string) {
  return (
    `if(count(${value}) = 0, NULL, arraySort(groupArray(${value}))` +
    `[greatest(1, intDiv(count(${value}) * ${percent} + 99, 100))])`
  )
}

export const clickhouse: Dialect = {
  name: 'clickhouse',
  text,
  identifier: (column) => `"${column.replace(/["\\]/g, '\\$&')}"`,
  integer,
  double: (written) => (/^-?inf$/.test(written) ? written : `toFloat64(${text(written)})`),
  time: (us) => `fromUnixTimestamp64Micro(${clampedTime(us)}, 'UTC')`,

  opposite: (test) => `NOT ifNull(${test}, false)`,
  decided: (test) => `ifNull(${test}, false)`,
  begins(column, prefix) {
    const next = prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)
    return `${column} >= ${text(prefix)} AND ${column} < ${text(next)}`
  },
  startsWith: (column, part) => `startsWith(${column}, ${text(part)})`,
  contains: (column, part) => `position(${column}, ${text(part)}) > 0`,
  found: (column, pattern) => `match(${column}, ${text(foundPattern(pattern))})`,
  like: (column, wildcard) => `${column} LIKE ${text(wildcard.replace(/[%_\\]/g, '\\$&').replaceAll('*', '%'))}`,
  address,
  anyItem: (list, test) => `arrayExists(item -> ${test('item')}, ${list})`,
  hasItems: (list) => `notEmpty(${list})`,

  number,
  wide: (column) => `toInt256(${column})`,
  ordered: (column, kind) => (kind === 'ip' ? addressText(column) : kind === 'f64' ? number(column) : column),
  addressText,
  hashed: (value) => `cityHash64(${value})`,
  asText: (column) => `toString(${column})`,
  exactDouble: (column) => `toString(${number(column)})`,
  micros: (time) => `toUnixTimestamp64Micro(${time})`,
  divide: (value, by) => `intDiv(${value}, ${by})`,
  floorDivide,
  isoTime: (time) =>
    `concat(replaceRegexpOne(replaceOne(toString(toDateTime64(${time}, 6, 'UTC')), ' ', 'T'), '000$', ''), 'Z')`,
  joined: (separator, texts) =>
    `arrayStringConcat(arrayFilter(part -> isNotNull(part), [${texts.join(', ')}]), ${text(separator)})`,
  pairs: (json) =>
    `arrayMap(pair -> concat(pair.1, '=', pair.2), JSONExtractKeysAndValues(ifNull(toString(${json}), ''), 'String'))`,
  lower: (column) => `lowerUTF8(${column})`,
  firstGroup: (column, pattern) => `extract(ifNull(${column}, ''), ${text(pattern)})`,
  part: (column, separator, index) => `splitByChar(${text(separator)}, ifNull(toString(${column}), ''))[${index}]`,
  jsonText: (json, keys) => `JSONExtract(${jsonBody(json)}, ${keys.map(text).join(', ')}, 'Nullable(String)')`,
  jsonMember: (json, ...keys) => `nullIf(JSONExtractRaw(${jsonBody(json)}, ${keys.map(text).join(', ')}), '')`,
  jsonKeys: (json) => `arrayJoin(JSONExtractKeys(${jsonBody(json)}))`,
  wholeOf: (raw) => `if(match(${raw}, ${wholeNumber}), toInt256OrNull(${raw}), NULL)`,
  fractionOf: (raw) =>
    `if(match(${raw}, '^-?[0-9]') AND NOT match(${raw}, ${wholeNumber}), toFloat64OrNull(${raw}), NULL)`,
  doubleOf: (raw) => `if(match(${raw}, '^-?[0-9]'), toFloat64OrNull(${raw}), NULL)`,
  keyText: (value, characters) => `replaceAll(substringUTF8(${value}, 1, ${characters}), char(0), ' ')`,
  jsonItems: (json) => `arrayJoin(${jsonList(json, [])})`,
  jsonTexts: (json, keys, member) =>
    `arrayFilter(item -> item <> '', arrayMap(item -> JSONExtractString(item, ${text(member)}), ` +
    `${jsonList(json, keys)}))`,
  integerOf: (value) => `toInt64OrNull(${value})`,
  timeOf: (value) => `parseDateTime64BestEffortOrNull(ifNull(${value}, ''), 6, 'UTC')`,
  moment: (iso) => `toDateTime64(${text(iso.replace('T', ' ').replace(/Z$/, ''))}, 6, 'UTC')`,
  mapped: (value, pairs, otherwise) =>
    `transform(${value}, [${pairs.map(([key]) => text(key)).join(', ')}], ` +
    `[${pairs.map(([, meant]) => text(meant)).join(', ')}], ${text(otherwise)})`,
  same: (one, other) => `${one} <=> ${other}`,
  bit: (column) => `toUInt8(${column})`,
  truth: (test) => `toBool(${test})`,

  // 64-bit sums wrap, and a sum of nothing is 0.
  sum: (value) => `sumOrNull(toUInt128(${value}))`,
  min: (value) => `minOrNull(${value})`,
  average: (value, kind) => (kind === 'f64' ? `avg(${value})` : `sum(toInt256(${value})) / count(${value})`),
  anyTrue: (test) => `max(${test})`,
  bitOr: (value) => `groupBitOr(${value})`,
  bitAnd: bitAndSql.clickhouse,
  // Without values a list of NULLs, because a list cannot be NULL.
  percentiles: (value, percents) => `[${percents.map((percent) => nearestRank(value, String(percent))).join(', ')}]`,
  percentile: (value, percent) => nearestRank(value, String(percent)),
  unnest: (list) => `arrayJoin(${list})`,
  distinct: (list) => `arrayDistinct(${list})`,
  firstItems: (list, count) => `arraySlice(${list}, 1, ${count})`,
  listText: (list) => `arrayStringConcat(${list}, ' ')`,
  valueAt: (value, by) => `argMax(${value}, ${by})`,
  collected: (value) => `arraySort(groupUniqArray(${value}))`,
  collectedFew: (value) => `arraySort(groupUniqArray(${value}))`,
  ranked: (value, by) =>
    `arrayMap(item -> item.2, arraySort(item -> (-item.1, item.2), groupArray((${by}, ${value}))))`,
  merged: (list) => `arraySort(arrayDistinct(arrayFlatten(groupArray(${list}))))`,
  allBut: (table, columns) => `${table}.* EXCEPT (${columns.join(', ')})`,

  hasParts: false,
  hasHourSums: true,
  changesIn: ({ from, to }) => `changes_between(from = ${from}, to = ${to})`,
  // The plan of all relations takes a second of processor time.
  relationsAmong: (relations) =>
    relations.every((relation) => ofCluster.has(relation)) ? 'cluster_relations' : 'relations',
  stored: (cte, select) => `${cte} AS MATERIALIZED (${select})`,
  inlined: (cte, select) => `${cte} AS (${select})`,
  semiJoin: 'LEFT SEMI JOIN',
}
