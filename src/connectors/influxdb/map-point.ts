import { parseExact } from '../../model/exact-json.ts'
import { fieldsOf, isRecord, type Fields } from '../../model/json.ts'
import type { InfluxdbConfig } from './config.ts'
import { seriesText, typeOf, unreservedField, withField, type Drop, type FieldType } from './map-line.ts'
import { PointBytes } from './map-point-bytes.ts'

export type PointLines = Readonly<{
  /** The line of a point in JSON, null without a value that line protocol can hold; undefined for other content. */
  line: (text: string, time: string, drop: Drop) => string | null | undefined
  /** A faster way for the points that `parse` writes. */
  bytes: PointBytes
}>

export function pointLines(choice: Pick<InfluxdbConfig, 'measurement' | 'types'>): PointLines {
  const types = new Map<string, FieldType>(Object.entries(choice.types))
  return {
    line(text, time, drop) {
      const data = fieldsOf(parseExact(text))
      if (!isRecord(data['fields'])) return undefined
      const values = valuesText(data, drop)
      return values === '' ? null : `${seriesOf(data, drop)} ${values} ${time}\n`
    },
    bytes: new PointBytes(types, (members) => {
      let dropped = false
      const series = seriesOf(fieldsOf(parseExact(`${members}}`)), () => void (dropped = true))
      // Each drop is counted.
      return dropped ? undefined : series
    }),
  }

  function valuesText({ fields, special }: Fields, drop: Drop) {
    let values = ''
    const all = fieldsOf(fields)
    const names = new Set(Object.keys(all))
    for (const key of names) {
      const value = all[key]
      values = withField(values, unreservedField(key, names), value, types.get(key) ?? typeOf(value), drop)
    }
    if (special !== undefined) for (const _ of Object.keys(fieldsOf(special))) drop('not_a_number')
    return values
  }

  function seriesOf({ name, labels }: Fields, drop: Drop) {
    const tags = Object.entries(fieldsOf(labels)).map(([tag, value]) => [tag, String(value)] as const)
    return seriesText(choice.measurement ?? String(name), tags, drop)
  }
}
