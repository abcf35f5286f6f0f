/** The differences between the SQL of DuckDB and of ClickHouse. Statements are generated once, for either. */
import type { Interval } from './intervals.ts'
import { clickhouse } from './sql-clickhouse.ts'
import { duckdb } from './sql-duckdb.ts'

export type DialectName = 'duckdb' | 'clickhouse'

/** A type for integers beyond 2^53; `wide` has 128 bits. */
type IntegerType = 'BIGINT' | 'UBIGINT' | 'HUGEINT'

/**
 * Arguments are SQL, except those named `text`, `pattern`, `wildcard` and `prefix`. Tests are NULL for an absent value.
 */
export interface Dialect {
  readonly name: DialectName

  readonly text: (text: string) => string
  readonly identifier: (column: string) => string
  readonly integer: (value: bigint, type: IntegerType) => string
  /** A double from the text of a number, as {@link exactDouble} writes it. */
  readonly double: (text: string) => string
  /** A time from µs since 1970. */
  readonly time: (us: bigint) => string

  /** True if the test is false or NULL. */
  readonly opposite: (test: string) => string
  /** The test with false in place of NULL. */
  readonly decided: (test: string) => string
  /** A comparison, so that files are skipped. The last character of the prefix is ASCII. */
  readonly begins: (column: string, prefix: string) => string
  readonly startsWith: (column: string, text: string) => string
  readonly contains: (column: string, text: string) => string
  /** An RE2 expression of the common subset is found in the text. */
  readonly found: (column: string, pattern: string) => string
  /** Matches a text; `*` is any run of characters. */
  readonly like: (column: string, wildcard: string) => string
  /** Whether an address is in one of the intervals, which are non-empty, sorted and disjoint. */
  readonly address: (column: string, intervals: readonly Interval[]) => string
  /** The test holds for an item; false for an absent list. */
  readonly anyItem: (list: string, test: (item: string) => string) => string
  readonly hasItems: (list: string) => string

  /** The number; NULL for NaN. */
  readonly number: (column: string) => string
  /** An integer of a type that can be compared with every other integer. */
  readonly wide: (column: string) => string
  /** A value in Weir's order: addresses as their text. */
  readonly ordered: (column: string, kind: string) => string
  /** RFC 5952, IPv4 as a dotted quad. */
  readonly addressText: (column: string) => string
  readonly asText: (column: string) => string
  /** 64 bits, of a text; the two engines have different ones. */
  readonly hashed: (text: string) => string
  readonly exactDouble: (column: string) => string
  /** A time as µs since 1970. */
  readonly micros: (time: string) => string
  /** Quotient of integers that are not negative. */
  readonly divide: (value: string, by: bigint) => string
  /** Quotient rounded down, also below zero. */
  readonly floorDivide: (value: string, by: bigint) => string
  /** ISO 8601 with milliseconds, or microseconds if they are not zero. */
  readonly isoTime: (time: string) => string
  /** Joins texts that are not NULL with the separator. */
  readonly joined: (separator: string, texts: readonly string[]) => string
  /** The list of `key=value` of a JSON object with texts. */
  readonly pairs: (json: string) => string
  readonly lower: (column: string) => string
  /** The first group of the first match of an RE2 expression; the empty text if there is none. */
  readonly firstGroup: (column: string, pattern: string) => string
  /** Part of a text between separators: 1 is the first, -1 the last; beyond them the empty text. */
  readonly part: (column: string, separator: string, index: number) => string
  /** The text of a member, or the JSON of a member that is no text; NULL if absent or null. */
  readonly jsonText: (json: string, keys: readonly string[]) => string
  /** JSON of a member; NULL if absent. */
  readonly jsonMember: (json: string, ...keys: readonly string[]) => string
  /** A row per key of a JSON object. */
  readonly jsonKeys: (json: string) => string
  /** A whole number of up to 38 digits, from its JSON. */
  readonly wholeOf: (raw: string) => string
  /** The number with its fraction, from the JSON of a number that is no integer. */
  readonly fractionOf: (raw: string) => string
  /** A double from the JSON of any number. */
  readonly doubleOf: (raw: string) => string
  /** The first characters of a text, with blanks for NUL. */
  readonly keyText: (text: string, characters: number) => string
  /** A row per item of a JSON list, as JSON. */
  readonly jsonItems: (json: string) => string
  /** The list of the texts that the items of a JSON list have. */
  readonly jsonTexts: (json: string, keys: readonly string[], member: string) => string
  /** The integer in a text; NULL if the text is none. */
  readonly integerOf: (text: string) => string
  readonly timeOf: (text: string) => string
  /** ISO 8601 for readers; the end is `Z`. */
  readonly moment: (iso: string) => string
  /** The text of the pair with a key; `otherwise` for other texts. The value is evaluated once. */
  readonly mapped: (value: string, pairs: readonly (readonly [string, string])[], otherwise: string) => string
  /** True if both values are equal, or both are NULL. */
  readonly same: (one: string, other: string) => string
  /** 0 or 1 from a boolean. */
  readonly bit: (column: string) => string
  /** A condition as a value that is `true` or `false` in results. */
  readonly truth: (test: string) => string

  /** A sum without overflow. */
  readonly sum: (value: string) => string
  /** The least value; NULL without values. */
  readonly min: (value: string) => string
  readonly average: (value: string, kind: string) => string
  readonly anyTrue: (test: string) => string
  readonly bitOr: (value: string) => string
  readonly bitAnd: (value: string, bits: number) => string
  /** A list of percentiles by nearest rank. */
  readonly percentiles: (value: string, percents: readonly number[]) => string
  readonly percentile: (value: string, percent: number) => string
  /** A row per item of the list. */
  readonly unnest: (list: string) => string
  readonly distinct: (list: string) => string
  readonly firstItems: (list: string, count: number) => string
  readonly listText: (list: string) => string
  /** The value at the largest `by`; rows with NULL do not count. */
  readonly valueAt: (value: string, by: string) => string
  /** Sorted list of a group's values that are not NULL. */
  readonly collected: (value: string) => string
  /** As `collected`, for groups of few rows: faster, but holds every value. */
  readonly collectedFew: (value: string) => string
  /** List of a group's values, the largest `by` first. Neither may be NULL. */
  readonly ranked: (value: string, by: string) => string
  /** Sorted list of the items of a group's lists. */
  readonly merged: (list: string) => string
  /** All columns of a table except the named ones. */
  readonly allBut: (table: string, columns: readonly string[]) => string

  /** Many groups are summed in parts, to bound memory. */
  readonly hasParts: boolean
  /** Full hours of receipt may have sums; see `hourSums`. */
  readonly hasHourSums: boolean
  /** View `changes`, at least those of a span (µs); the condition on the time is needed, too. */
  readonly changesIn: (span: Readonly<{ from: bigint; to: bigint }>) => string
  /** View with the columns of `relations` and at least these relations. */
  readonly relationsAmong: (relations: readonly string[]) => string
  /** A common table expression that is read several times. */
  readonly stored: (name: string, select: string) => string
  readonly inlined: (name: string, select: string) => string
  /** Join of the left rows with a match on the right. */
  readonly semiJoin: string
}

export { clickhouse, clickhouseSettings } from './sql-clickhouse.ts'
export { duckdb } from './sql-duckdb.ts'

const dialects: Readonly<Record<DialectName, Dialect>> = { duckdb, clickhouse }

/** Dialect of a store, or of a dialect name. */
export function dialectOf({ dialect = 'duckdb' }: { dialect?: DialectName | undefined }): Dialect {
  return dialects[dialect]
}
