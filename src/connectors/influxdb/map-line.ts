/** Line protocol: `measurement,tag=value field=value time`. */
export type FieldType = 'float' | 'int' | 'uint' | 'bool' | 'text'
export type Dropped = 'not_a_number' | 'type' | 'empty_tag' | 'backslash'
export type Drop = (reason: Dropped) => void

const maxInt = 2n ** 63n - 1n
const minInt = -(2n ** 63n)
const maxUint = 2n ** 64n - 1n
const trueTexts = new Set(['true', 't', '1'])
const falseTexts = new Set(['false', 'f', '0'])

/** A name or a tag value. The format has no escape for a backslash before one of its own, nor for a line break. */
function escapeName(text: string, special: RegExp, drop: Drop): string {
  if (!/[\\,= \n\r]/.test(text)) return text
  const clean = text.replaceAll(/\r?\n|\r/g, ' ').replaceAll(/\\+(?=[,= ]|$)/g, () => {
    drop('backslash')
    return ''
  })
  return clean.replaceAll(special, String.raw`\$&`)
}

const inMeasurement = /[, ]/g
const inTag = /[,= ]/g

function tagText(name: string, value: string, drop: Drop): string {
  const escaped = escapeName(value, inTag, drop)
  if (escaped !== '') return `,${escapeName(name, inTag, drop)}=${escaped}`
  drop('empty_tag')
  return ''
}

/** InfluxDB refuses or loses tags with these names. A field may not be named `time`, either. */
const reservedTags = new Set(['time', '_field', '_measurement'])
const reservedField = 'time'

/** The name, with `_` appended until no other member has it. */
function freeName(name: string, isTaken: (name: string) => boolean): string {
  let candidate = name
  do candidate += '_'
  while (isTaken(candidate))
  return candidate
}

export function isReservedField(name: string): boolean {
  return name === reservedField
}

/** `names`: names of all fields. */
export function unreservedField(name: string, names: { has(name: string): boolean }): string {
  return isReservedField(name) ? freeName(name, (candidate) => names.has(candidate)) : name
}

/** Measurement and tags, sorted by name. A line that begins with `#` would be a comment. */
export function seriesText(measurement: string, given: (readonly [string, string])[], drop: Drop): string {
  const escaped = escapeName(measurement, inMeasurement, drop)
  let text = escaped.startsWith('#') ? `\\${escaped}` : escaped
  const names = new Set(given.map(([name]) => name))
  const tags = given.map(([name, value]): readonly [string, string] => [
    reservedTags.has(name) ? freeName(name, (candidate) => names.has(candidate)) : name,
    value,
  ])
  for (const [name, value] of tags.sort(([a], [b]) => (a < b ? -1 : 1))) text += tagText(name, value, drop)
  return text
}

export function fieldName(name: string, drop: Drop): string {
  return escapeName(name, inTag, drop)
}

/** Adds a field to the text of the fields, unless its value does not fit. */
export function withField(fields: string, name: string, value: unknown, type: FieldType, drop: Drop): string {
  const text = fieldText(value, type, drop)
  return text === undefined ? fields : `${fields}${fields === '' ? '' : ','}${fieldName(name, drop)}=${text}`
}

/** Undefined: the value does not fit, which is reported to `drop`. */
function fieldText(value: unknown, type: FieldType, drop: Drop): string | undefined {
  const text = encodedValue(value, type)
  if (typeof text === 'string') return text
  drop(text.drop)
  return undefined
}

function encodedValue(value: unknown, type: FieldType): string | Readonly<{ drop: Dropped }> {
  switch (type) {
    case 'text':
      return quotedText(typeof value === 'string' ? value : String(value))
    case 'bool': {
      const text = String(value).toLowerCase()
      return trueTexts.has(text) ? 'true' : falseTexts.has(text) ? 'false' : { drop: 'type' }
    }
    case 'float':
      return floatText(value)
    case 'int':
    case 'uint':
      return integerText(value, type)
  }
}

function floatText(value: unknown): string | Readonly<{ drop: Dropped }> {
  if (typeof value === 'bigint') return String(value)
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof number !== 'number') return { drop: 'type' }
  return Number.isFinite(number) ? String(number) : { drop: 'not_a_number' }
}

function integerText(value: unknown, type: 'int' | 'uint'): string | Readonly<{ drop: Dropped }> {
  if (typeof value === 'number' && Number.isSafeInteger(value) && (value > 0 || (value < 0 && type === 'int')))
    return `${value}${type === 'int' ? 'i' : 'u'}`
  const text = typeof value === 'string' ? value.trim() : String(value)
  if (/^[+-]?(?:NaN|Infinity)$/.test(text)) return { drop: 'not_a_number' }
  const isWhole = /^-?\d+$/.test(text)
  if (!isWhole && !Number.isSafeInteger(Number(text))) return { drop: 'type' }
  const integer = BigInt(isWhole ? text : Number(text))
  const isInRange = type === 'int' ? integer >= minInt && integer <= maxInt : integer >= 0n && integer <= maxUint
  return isInRange ? `${integer}${type === 'int' ? 'i' : 'u'}` : { drop: 'type' }
}

export function typeOf(value: unknown): FieldType {
  if (typeof value === 'string') return 'text'
  return typeof value === 'boolean' ? 'bool' : 'float'
}

function quotedText(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`
}

/** Nanoseconds as digits. `below`: those under the millisecond, 0 to 999,999. */
export function timeText(ms: number, below: number): string {
  const wholeMs = Math.floor(ms)
  return wholeMs === 0 ? String(below) : `${wholeMs}${String(below).padStart(6, '0')}`
}
