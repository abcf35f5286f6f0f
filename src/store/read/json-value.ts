import type { DuckDBType, DuckDBValue } from '@duckdb/node-api'
import { isoMicroseconds } from './iso-time.ts'

export type Api = typeof import('@duckdb/node-api')

/** Unchanged if it is standard JSON (DuckDB also accepts NaN and trailing commas), else a string. */
export function jsonText(text: string): string {
  try {
    JSON.parse(text)
  } catch {
    return JSON.stringify(text)
  }
  return /[\r\n]/.test(text) ? text.replace(/[\r\n]+/g, ' ') : text
}

function integer(value: bigint) {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? String(value)
    : `"${value}"`
}

export function decimal(text: string): string {
  const digits = text.replace(/^-/, '').replace('.', '').replace(/^0+/, '')
  return digits.length <= 15 || (!text.includes('.') && Number.isSafeInteger(Number(text))) ? text : `"${text}"`
}

/** Nested values keep their shape, times are ISO 8601 in UTC, bytes base64, others DuckDB's text. */
export function jsonOf(api: Api, value: DuckDBValue, type: DuckDBType | undefined): string {
  if (value === null) return 'null'
  switch (typeof value) {
    case 'boolean':
      return String(value)
    case 'number':
      return Number.isFinite(value) ? String(value) : 'null'
    case 'bigint':
      return integer(value)
    case 'string':
      return type?.alias === 'JSON' ? jsonText(value) : JSON.stringify(value)
    default:
      return jsonOfObject(api, value, type)
  }
}

function time(micros: bigint) {
  return JSON.stringify(isoMicroseconds(Number(micros)))
}

function jsonOfObject(
  api: Api,
  value: Exclude<DuckDBValue, boolean | number | bigint | string | null>,
  type: DuckDBType | undefined,
): string {
  if (value instanceof api.DuckDBListValue || value instanceof api.DuckDBArrayValue) {
    const inner = type instanceof api.DuckDBListType || type instanceof api.DuckDBArrayType ? type.valueType : undefined
    return `[${value.items.map((item) => jsonOf(api, item, inner)).join(',')}]`
  }
  if (value instanceof api.DuckDBStructValue) {
    // An object would put integer-like names first.
    const inner = type instanceof api.DuckDBStructType ? type : undefined
    const names = inner?.entryNames ?? Object.keys(value.entries)
    const members = names.map(
      (name, index) => `${JSON.stringify(name)}:${jsonOf(api, value.entries[name] ?? null, inner?.entryTypes[index])}`,
    )
    return `{${members.join(',')}}`
  }
  if (value instanceof api.DuckDBMapValue) {
    const inner = type instanceof api.DuckDBMapType ? type : undefined
    const members = value.entries.map(
      ({ key, value: item }) => `${JSON.stringify(String(key))}:${jsonOf(api, item, inner?.valueType)}`,
    )
    return `{${members.join(',')}}`
  }
  if (value instanceof api.DuckDBUnionValue) {
    const inner = type instanceof api.DuckDBUnionType ? type.memberTypes[type.memberTags.indexOf(value.tag)] : undefined
    return jsonOf(api, value.value, inner)
  }
  if (value instanceof api.DuckDBTimestampValue || value instanceof api.DuckDBTimestampTZValue)
    return time(value.micros)
  if (value instanceof api.DuckDBTimestampMillisecondsValue) return time(value.millis * 1000n)
  if (value instanceof api.DuckDBTimestampSecondsValue) return time(value.seconds * 1_000_000n)
  if (value instanceof api.DuckDBTimestampNanosecondsValue) return time(value.nanos / 1000n)
  if (value instanceof api.DuckDBDecimalValue) return decimal(value.toString())
  if (value instanceof api.DuckDBBlobValue) return JSON.stringify(Buffer.from(value.bytes).toString('base64'))
  return JSON.stringify(value.toString())
}
