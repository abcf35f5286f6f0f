import { parseExact } from '../../model/exact-json.ts'
import { fieldsOf, isRecord, type Fields } from '../../model/json.ts'
import type { InfluxdbConfig } from './config.ts'
import { seriesText, typeOf, withField, type Drop, type FieldType } from './map-line.ts'

/** The line of a point in JSON, null without a value that line protocol can hold; undefined for other content. */
export type PointLine = (text: string, time: string, drop: Drop) => string | null | undefined

const maxHeads = 10_000
/** A member `fields` of labels would be a text, and a quote in a text has a backslash. */
const beforeFields = ',"fields":{'

export function pointLines(choice: Pick<InfluxdbConfig, 'measurement' | 'types'>): PointLine {
  const types = new Map<string, FieldType>(Object.entries(choice.types))
  /** Measurement and tags of a series by the text before its fields. */
  const heads = new Map<string, string>()
  return (text, time, drop) => {
    const at = text.startsWith('{"name":') ? text.indexOf(beforeFields) : -1
    const known = at < 0 ? undefined : heads.get(text.slice(0, at))
    const data = fieldsOf(parseExact(known === undefined ? text : `{${text.slice(at + 1)}`))
    if (!isRecord(data['fields'])) return undefined
    const values = valuesText(data, drop)
    if (values === '') return null
    return `${known ?? headOf(data, at < 0 ? undefined : text.slice(0, at), drop)} ${values} ${time}\n`
  }

  function valuesText({ fields, special }: Fields, drop: Drop) {
    let values = ''
    const all = fieldsOf(fields)
    for (const key of Object.keys(all)) {
      const value = all[key]
      values = withField(values, key, value, types.get(key) ?? typeOf(value), drop)
    }
    if (special !== undefined) for (const _ of Object.keys(fieldsOf(special))) drop('not_a_number')
    return values
  }

  function headOf({ name, labels }: Fields, key: string | undefined, drop: Drop) {
    let dropped = false
    const onDrop: Drop = (reason) => {
      dropped = true
      drop(reason)
    }
    const tags = Object.entries(fieldsOf(labels)).map(([tag, value]) => [tag, String(value)] as const)
    const head = seriesText(choice.measurement ?? String(name), tags, onDrop)
    // Each drop is counted, so that such a series is built for each point.
    if (key === undefined || dropped) return head
    if (heads.size >= maxHeads) heads.clear()
    heads.set(key, head)
    return head
  }
}
