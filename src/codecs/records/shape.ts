/** Events from records. */
import type { WeirEvent } from '../../model/events.ts'
import { telemetryTypes } from '../../model/points.ts'
import { withoutUndefined } from '../../model/json.ts'
import type { RecordRules } from './rules.ts'
import { exactText, type ParsedRecord, type Scalar } from './formats.ts'
import { timeReader } from '../../model/time-format.ts'
import { converted } from './values.ts'
import type { ZonedTime } from '../../model/zones.ts'

const utf8 = new TextEncoder()

type Values = Map<string, Scalar>
export type Shaper = (record: ParsedRecord, given: WeirEvent, id: string, received: number) => WeirEvent

export function shaper(config: RecordRules): Shaper {
  const { time, types, drop, to } = config
  const readTime = time === null ? undefined : timeReader(time)
  const typed = Object.entries(types)
  return ({ values: found, text }, given, id, received) => {
    const values: Values = new Map(found)
    const written = time === null ? undefined : take(values, time.from)
    const timed: ZonedTime | undefined = written === undefined ? undefined : readTime?.(written)
    for (const name of drop) values.delete(name)
    for (const [name, type] of typed) {
      const value = values.get(name)
      if (value !== undefined) values.set(name, converted(name, value, type))
    }
    const at = timed?.at ?? given.time
    const body = { arrival: at === undefined ? true : undefined } as const
    const shaped =
      to === 'point'
        ? pointOf(values, config, body.arrival)
        : to === 'log'
          ? logOf(values, config, text, body.arrival)
          : eventOf(values, config, given)
    const extensions = {
      ...given.extensions,
      ...(timed?.resolved === undefined ? {} : { timeresolved: timed.resolved }),
    }
    const { extensions: _, dataschema: __, ...rest } = given
    return {
      ...rest,
      ...shaped,
      id,
      time: at ?? received,
      datacontenttype: 'application/json',
      encoding: 'json',
      ...(Object.keys(extensions).length === 0 ? {} : { extensions }),
    }
  }
}

type Shaped = Pick<WeirEvent, 'type' | 'family' | 'subject' | 'data'>

function pointOf(values: Values, config: RecordRules, arrival: true | undefined): Shaped {
  const { name: fixed, name_from: from, labels } = config
  const named = from === null ? undefined : take(values, from)
  const name = fixed ?? (named === undefined ? '' : String(named))
  if (name === '') throw new Error(`the record has no field \`${from}\`, which has the name`)
  if (fixed === null) bounded(from ?? '', name, config)
  const labelled = labelsOf(values, labels, config)
  const fields: Record<string, Scalar> = {}
  const special: Record<string, 'NaN' | '+Inf' | '-Inf'> = {}
  for (const [key, value] of chosen(values, config))
    if (typeof value === 'number' && !Number.isFinite(value))
      special[key] = Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
    else fields[key] = value
  const hasSpecial = Object.keys(special).length > 0
  if (Object.keys(fields).length === 0 && !hasSpecial) throw new Error('the record has no field for a point')
  const point = {
    name,
    ...withoutUndefined({ labels: labelled }),
    fields,
    ...(hasSpecial ? { special } : {}),
    ...withoutUndefined({ arrival }),
  }
  return { family: 'point', type: telemetryTypes.point, subject: name, data: utf8.encode(exactText(point)) }
}

function logOf(values: Values, config: RecordRules, text: string, arrival: true | undefined): Shaped {
  const { line: from, labels, metadata, severity: level } = config
  const line = from === null ? text : take(values, from)
  if (line === undefined) throw new Error(`the record has no field \`${from}\`, which has the line`)
  const severity = level === null ? undefined : take(values, level)
  const log = {
    line: String(line),
    ...withoutUndefined({
      labels: labelsOf(values, labels, config),
      metadata: textsOf(values, metadata, config),
      severity: severity === undefined ? undefined : String(severity).toLowerCase(),
      arrival,
    }),
  }
  return { family: 'log', type: telemetryTypes.log, data: utf8.encode(exactText(log)) }
}

function eventOf(values: Values, config: RecordRules, given: WeirEvent): Shaped {
  const labelled = textsOf(values, config.labels, config)
  // JSON has no NaN and no infinities.
  const fields = [...chosen(values, config)].map(
    ([name, value]) => [name, typeof value === 'number' && !Number.isFinite(value) ? String(value) : value] as const,
  )
  return {
    type: config.event_type ?? given.type,
    data: utf8.encode(exactText({ ...labelled, ...Object.fromEntries(fields) })),
  }
}

function textsOf(values: Values, names: readonly string[], { rename }: RecordRules) {
  const texts = names.flatMap((name) => {
    const value = take(values, name)
    return value === undefined || value === '' ? [] : [[newName(name, rename), String(value)] as const]
  })
  return texts.length === 0 ? undefined : Object.fromEntries(texts)
}

/** Throws LabelTooLong. */
function labelsOf(values: Values, names: readonly string[], config: RecordRules) {
  const labels = textsOf(values, names, config)
  if (labels !== undefined) for (const name in labels) bounded(name, labels[name]!, config)
  return labels
}

/** The other records of the input are not affected. */
export class LabelTooLong extends Error {}

function bounded(name: string, value: string, { max_label_value: most }: RecordRules) {
  const bytes = 3 * value.length > most ? Buffer.byteLength(value) : 0
  if (bytes > most)
    throw new LabelTooLong(`the value of label ${name} has ${bytes} bytes, more than ${most} (\`max_label_value\`)`)
}

function* chosen(values: Values, { fields, rename }: RecordRules): Iterable<readonly [string, Scalar]> {
  for (const [name, value] of fields.length === 0 ? values : fields.map((name) => [name, values.get(name)] as const))
    if (value !== undefined) yield [newName(name, rename), value]
}

/** A field may have the name of a member of every object: `constructor`. */
export function newName(name: string, rename: RecordRules['rename']): string {
  return Object.hasOwn(rename, name) ? (rename[name] ?? name) : name
}

function take(values: Values, name: string): Scalar | undefined {
  const value = values.get(name)
  values.delete(name)
  return value
}
