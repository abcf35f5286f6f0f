import { fragmentOf, type ByteBuffer, type Fragment } from '../../model/byte-buffer.ts'
import { digitKind, numberText, safeDigits } from '../../model/json-number.ts'
import { timeReader } from '../../model/time-format.ts'
import { FlatJson, textAt, valueKinds } from './flat-json.ts'
import type { RecordRules, ValueType } from './rules.ts'
import { newName } from './shape.ts'

/**
 * Appends the point of a flat JSON object to `out`. Returns its time (Unix ms), NaN without one; undefined if the
 * content needs the general way, which also has the reasons. `given`: the time of the event.
 */
export type FlatPoints = (body: Uint8Array, given: number | undefined, out: ByteBuffer) => number | undefined

type Member = Readonly<{ slot: number; head: Fragment; first: Fragment; type: ValueType | undefined }>

const [quote, minus, zero, closingBrace] = [34, 45, 48, 125]

/** Values are copied as bytes, without objects. Undefined if the rules need the general way. */
export function flatPoints(rules: RecordRules): FlatPoints | undefined {
  const { time, name, drop, include } = rules
  const isFlat = rules.format === 'json' && !rules.lines && rules.records === '' && Object.keys(include).length === 0
  if (!isFlat || rules.to !== 'point' || name === null || name === '' || rules.fields.length === 0) return undefined
  if (!areDistinct(rules.fields, rules) || !areDistinct(rules.labels, rules)) return undefined
  if (rules.labels.some((label) => label === time?.from || drop.includes(label))) return undefined
  if (time !== null && time.from in Object.prototype) return undefined
  const used = new Set([...rules.fields, ...rules.labels])
  if (Object.keys(rules.types).some((key) => !used.has(key))) return undefined
  const taken = new Set([...rules.labels, ...drop, ...(time === null ? [] : [time.from])])
  const names = [...new Set([...used, ...(time === null ? [] : [time.from])])]
  const json = new FlatJson(names)
  const membersOf = (all: readonly string[], begin: string): readonly Member[] =>
    all.map((text) => {
      const head = `${JSON.stringify(newName(text, rules.rename))}:`
      return {
        slot: names.indexOf(text),
        head: fragmentOf(`,${head}`),
        first: fragmentOf(begin + head),
        type: rules.types[text],
      }
    })
  const labels = membersOf(rules.labels, ',"labels":{')
  const fields = membersOf(
    rules.fields.filter((field) => !taken.has(field)),
    ',"fields":{',
  )
  const timeSlot = time === null ? -1 : names.indexOf(time.from)
  const readTime = time === null ? undefined : timeReader(time)
  const begin = fragmentOf(`{"name":${JSON.stringify(name)}`)
  const [end, endOfArrival] = [fragmentOf('}}'), fragmentOf('},"arrival":true}')]

  return (body, given, out) => {
    if (!json.read(body)) return undefined
    const start = out.at
    let at = given
    if (timeSlot >= 0 && json.kinds[timeSlot] !== valueKinds.absent) at = timeOf(body)
    if (Number.isNaN(at)) return undefined
    out.fragment(begin)
    const labelled = write(labels, body, out, 'labels')
    if (labelled > 0) out.byte(closingBrace)
    if (labelled < 0 || write(fields, body, out, 'fields') <= 0) {
      out.at = start
      return undefined
    }
    out.fragment(at === undefined ? endOfArrival : end)
    return at ?? Number.NaN
  }

  /** NaN: the general way is needed. */
  function timeOf(body: Uint8Array): number {
    const kind = json.kinds[timeSlot]!
    if (kind === valueKinds.boolean) return Number.NaN
    const [from, to] = [json.from[timeSlot]!, json.to[timeSlot]!]
    try {
      const timed = readTime?.(timeValue(body, kind, from, to))
      return timed?.resolved === undefined ? (timed?.at ?? Number.NaN) : Number.NaN
    } catch {
      return Number.NaN
    }
  }

  /** The number of members that were written; -1: the general way is needed. */
  function write(members: readonly Member[], body: Uint8Array, out: ByteBuffer, as: 'labels' | 'fields'): number {
    const areTexts = as === 'labels'
    let written = 0
    for (const { slot, head, first, type } of members) {
      const kind = json.kinds[slot]!
      const [from, to] = [json.from[slot]!, json.to[slot]!]
      if (kind === valueKinds.absent) continue
      if (type !== undefined && type !== 'string' && !fits(type, kind, body, from, to)) return -1
      const isText = areTexts || type === 'string' || (type === undefined && kind === valueKinds.text)
      if (areTexts && from === to) continue
      if (areTexts && to - from > rules.max_label_value) return -1
      out.fragment(written++ === 0 ? first : head)
      if (isText) out.byte(quote)
      if (kind !== valueKinds.number) {
        out.range(body, from, to)
      } else {
        const text = numberText(body, from, to)
        if (text === undefined) return -1
        out.utf8(text)
      }
      if (isText) out.byte(quote)
    }
    return written
  }
}

function timeValue(body: Uint8Array, kind: number, from: number, to: number): string | number | bigint {
  if (kind === valueKinds.integer && to - from <= safeDigits && body[from] !== minus) {
    let value = 0
    for (let at = from; at < to; at++) value = 10 * value + body[at]! - zero
    return value
  }
  const text = textAt(body, from, to)
  if (kind === valueKinds.text) return text
  const value = Number(text)
  return kind === valueKinds.integer && !Number.isSafeInteger(value) ? BigInt(text) : value
}

/** Whether the conversion leaves the text as it is. */
function fits(type: ValueType, kind: number, body: Uint8Array, from: number, to: number): boolean {
  const { text, boolean, integer, decimal } = valueKinds
  if (type === 'bool') return kind === boolean
  const digits = kind === text ? digitKind(body, from, to) : kind === integer ? 'integer' : 'decimal'
  if (kind !== text && kind !== integer && kind !== decimal) return false
  if (digits === 'integer') return to - from <= safeDigits && (type !== 'uint' || body[from] !== minus)
  return digits === 'decimal' && type === 'float'
}

/** False: two names would be equal, or JSON treats one differently. */
function areDistinct(names: readonly string[], { rename }: RecordRules): boolean {
  const renamed = names.map((name) => newName(name, rename))
  if (new Set(renamed).size < names.length || new Set(names).size < names.length) return false
  return ![...names, ...renamed].some((name) => name in Object.prototype) && !renamed.some((name) => /^\d+$/.test(name))
}
