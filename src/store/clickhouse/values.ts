/** Values of format JSONCompactEachRow as the JSON of the embedded store. */
import { parseType, type NativeType } from '../../codecs/clickhouse-native/index.ts'
import { flowFields, type Field } from '../../model/fields.ts'
import { formatIp, parseIp } from '../../model/ip.ts'
import { isRecord } from '../../model/json.ts'
import { decimal, jsonText } from '../read/json-value.ts'
import { jsonType } from './sql.ts'

/** So that values arrive in forms without a loss. */
export const valueSettings = {
  session_timezone: 'UTC',
  date_time_output_format: 'iso',
  output_format_json_quote_64bit_integers: 1,
  output_format_json_quote_64bit_floats: 0,
  output_format_json_quote_decimals: 1,
  output_format_json_quote_denormals: 0,
  output_format_json_named_tuples_as_objects: 1,
  output_format_json_validate_utf8: 1,
} as const

/** JSON text of a value that is not null. */
type Write = (value: unknown) => string

const listFields: ReadonlySet<string> = new Set(
  (flowFields as readonly Field[]).filter(({ kind }) => kind.startsWith('list<')).map(({ name }) => name),
)

/** `column`: an absent list of a flow is an empty one in ClickHouse. */
export function writerOf(type: string, column = ''): Write {
  const write = writer(parseType(type), type)
  const isList = listFields.has(column) && type.startsWith('Array(')
  return (value) => (value === null || (isList && Array.isArray(value) && value.length === 0) ? 'null' : write(value))
}

function writer(type: NativeType, written = ''): Write {
  if (written === jsonType || (type.name === 'SimpleAggregateFunction' && type.inner[0]?.name === 'any'))
    return (value) => (typeof value === 'string' ? jsonText(value) : JSON.stringify(value))
  const [first, second] = type.inner
  switch (type.name) {
    case 'Nullable':
    case 'LowCardinality':
      return first === undefined ? JSON.stringify : orNull(writer(first))
    case 'Array':
      return listOf(first === undefined ? JSON.stringify : orNull(writer(first)))
    case 'Tuple':
      return tupleOf(type.inner)
    case 'Map':
      return mapOf(second === undefined ? JSON.stringify : orNull(writer(second)))
    case 'DateTime':
    case 'DateTime64':
      return (value) => `"${milliseconds(String(value))}"`
    case 'IPv4':
    case 'IPv6':
      return (value) => `"${address(String(value))}"`
    default:
      if (type.name.startsWith('Decimal')) return (value) => decimal(String(value))
      if (/^U?Int(?:8|16|32)$/.test(type.name)) return String
      if (/^U?Int\d+$/.test(type.name)) return integer
      return JSON.stringify
  }
}

function orNull(write: Write): Write {
  return (value) => (value === null ? 'null' : write(value))
}

/** Integers that no double holds exactly are strings. */
function integer(value: unknown): string {
  const text = String(value)
  return Number.isSafeInteger(Number(text)) ? text : `"${text}"`
}

function listOf(write: Write): Write {
  return (value) => `[${(value as readonly unknown[]).map(write).join(',')}]`
}

function mapOf(write: Write): Write {
  return (value) =>
    `{${Object.entries(value as object)
      .map(([key, member]) => `${JSON.stringify(key)}:${write(member)}`)
      .join(',')}}`
}

/** Members are types, or names with types. */
function tupleOf(members: readonly NativeType[]): Write {
  const named = members.map((member) => {
    const [, name = '', type = member.name] = /^(?:`((?:[^`\\]|\\.)+)`|(?=\w+ )(?:\w+)) (.*)$/s.exec(member.name) ?? []
    return { name: name === '' ? (member.name.split(' ', 1)[0] ?? '') : name, type: { ...member, name: type } }
  })
  const writers = named.map(({ type }) => orNull(writer(type)))
  return (value) => {
    if (Array.isArray(value)) return `[${value.map((item, at) => writers[at]?.(item) ?? 'null').join(',')}]`
    if (!isRecord(value)) return JSON.stringify(value)
    const entries = Object.entries(value).map(([key, member]) => {
      const at = named.findIndex(({ name }) => name === key)
      return `${JSON.stringify(key)}:${writers[at]?.(member) ?? JSON.stringify(member)}`
    })
    return `{${entries.join(',')}}`
  }
}

/** `2026-11-20T08:09:10.123456Z`: the part of a millisecond is cut off. */
function milliseconds(iso: string): string {
  const [, second = '', fraction = ''] = /^([^.Z]*)(?:\.(\d*))?Z?$/.exec(iso) ?? []
  return `${second}.${fraction.slice(0, 3).padEnd(3, '0')}Z`
}

function address(text: string): string {
  const words = parseIp(text)
  return words === undefined ? text : formatIp(words)
}
