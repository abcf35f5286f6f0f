import type { WeirEvent } from '../../model/events.ts'
import { parseExact } from '../../model/exact-json.ts'
import { isRecord } from '../../model/json.ts'
import { telemetryTypes } from '../../model/points.ts'
import { timeReader } from '../../model/time-format.ts'
import type { ZonedTime } from '../../model/zones.ts'
import type { Scalar } from './formats.ts'
import type { RecordRules, ValueType } from './rules.ts'
import { newName } from './shape.ts'
import { converted } from './values.ts'

/** The point of a flat JSON object; undefined if the text needs the general way, which also has the reasons. */
export type FlatPoints = (text: string, given: WeirEvent, received: number) => WeirEvent | undefined

type Member = Readonly<{ name: string; head: string; type: ValueType | undefined }>

/** One text is built per record, without maps. Undefined if the rules need the general way. */
export function flatPoints(rules: RecordRules): FlatPoints | undefined {
  const { time, name, drop, include } = rules
  const chosen = membersOf(rules.fields, rules)
  const labels = membersOf(rules.labels, rules)
  const isFlat = rules.format === 'json' && !rules.lines && rules.records === '' && Object.keys(include).length === 0
  if (!isFlat || rules.to !== 'point' || name === null || name === '') return undefined
  if (chosen === undefined || labels === undefined || chosen.length === 0) return undefined
  const taken = new Set([...rules.labels, ...drop, ...(time === null ? [] : [time.from])])
  const fields = chosen.filter((one) => !taken.has(one.name))
  if (labels.some((one) => one.name === time?.from || drop.includes(one.name))) return undefined
  if (time !== null && time.from in Object.prototype) return undefined
  const used = new Set([...chosen, ...labels].map((one) => one.name))
  if (Object.keys(rules.types).some((one) => !used.has(one))) return undefined
  const readTime = time === null ? undefined : timeReader(time)
  const begin = `{"name":${JSON.stringify(name)}`
  return (text, given, received) => {
    if (given.extensions !== undefined || given.dataschema !== undefined) return undefined
    const document = documentOf(text)
    if (document === undefined) return undefined
    const written = time === null ? undefined : document[time.from]
    try {
      const timed: ZonedTime | undefined = written === undefined || written === null ? undefined : readTime?.(written)
      if (timed?.resolved !== undefined) return undefined
      const labelled = labelsText(labels, document)
      const fielded = fieldsText(fields, document)
      if (fielded === undefined || fielded === '') return undefined
      const at = timed?.at ?? given.time
      const point = `${begin}${labelled}${fielded}${at === undefined ? '},"arrival":true}' : '}}'}`
      return {
        ...given,
        family: 'point',
        type: telemetryTypes.point,
        subject: name,
        time: at ?? received,
        datacontenttype: 'application/json',
        encoding: 'json',
        data: Buffer.from(point),
      }
    } catch {
      return undefined
    }
  }
}

/** Undefined: two names would be equal, or JSON treats one differently. */
function membersOf(names: readonly string[], { rename, types }: RecordRules): readonly Member[] | undefined {
  const members = names.map((name) => ({ name, renamed: newName(name, rename) }))
  const all = new Set(members.map(({ renamed }) => renamed))
  if (all.size < names.length || new Set(names).size < names.length) return undefined
  if (members.some(({ renamed }) => renamed in Object.prototype || /^\d+$/.test(renamed))) return undefined
  if (names.some((name) => name in Object.prototype)) return undefined
  return members.map(({ name, renamed }) => ({ name, head: `${JSON.stringify(renamed)}:`, type: types[name] }))
}

function documentOf(text: string): Readonly<Record<string, Scalar | null>> | undefined {
  try {
    const document = parseExact(text)
    if (!isRecord(document)) return undefined
    for (const name in document) {
      const value = document[name]
      if (typeof value === 'object' && value !== null) return undefined
    }
    return document as Readonly<Record<string, Scalar | null>>
  } catch {
    return undefined
  }
}

function labelsText(labels: readonly Member[], document: Readonly<Record<string, Scalar | null>>): string {
  let all = ''
  for (const { name, head, type } of labels) {
    const given = document[name]
    if (given === undefined || given === null) continue
    const value = String(type === undefined ? given : converted(name, given, type))
    if (value !== '') all += `${all === '' ? ',"labels":{' : ','}${head}${JSON.stringify(value)}`
  }
  return all === '' ? '' : `${all}}`
}

/** Without the closing brace. Undefined if a value is no number of JSON. */
function fieldsText(fields: readonly Member[], document: Readonly<Record<string, Scalar | null>>): string | undefined {
  let all = ''
  for (const { name, head, type } of fields) {
    const given = document[name]
    if (given === undefined || given === null) continue
    const value = type === undefined ? given : converted(name, given, type)
    if (typeof value === 'number' && !Number.isFinite(value)) return undefined
    const text = typeof value === 'string' ? JSON.stringify(value) : value === 0 ? '0' : String(value)
    all += `${all === '' ? ',"fields":{' : ','}${head}${text}`
  }
  return all
}
