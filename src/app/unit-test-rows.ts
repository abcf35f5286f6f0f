import { flowJson } from '../codecs/flow-json/index.ts'
import { putFields } from '../codecs/flow-values/index.ts'
import { families, type Batch, type Family } from '../model/batches.ts'
import { eventAt, toEventBatch, type WeirEvent } from '../model/events.ts'
import { flowFields, resolveFieldName } from '../model/fields.ts'
import { isRecord, type Fields } from '../model/json.ts'
import { didYouMean } from '../schema/suggest.ts'

export type RowProblem = Readonly<{
  path: readonly string[]
  message: string
  hint?: string
}>

type RowKind = 'flow' | 'event'

export type ReadRow = Readonly<{
  kind: RowKind
  body: Fields
  received: number | undefined
  to: string
}>

export type RowRole = 'input' | 'expected'

export function readRow(written: Fields, role: RowRole): ReadRow | RowProblem {
  const allowed = ['flow', 'event', role === 'expected' ? 'to' : 'received']
  const unknown = Object.keys(written).find((key) => !allowed.includes(key))
  if (unknown !== undefined)
    return { path: [unknown], message: `unknown field \`${unknown}\``, hint: `a row has ${allowed.join(', ')}` }
  const { flow, event, received, to = '' } = written
  if ((flow === undefined) === (event === undefined))
    return { path: [], message: 'a row is either a `flow` or an `event`', hint: 'for example `flow: {dst_port: 443}`' }
  const kind = flow === undefined ? 'event' : 'flow'
  const body = flow ?? event
  if (!isRecord(body)) return { path: [kind], message: 'expected a map of fields' }
  if (typeof to !== 'string') return { path: ['to'], message: 'expected the name of an output' }
  const time = received === undefined ? undefined : timeOf(received)
  if (Number.isNaN(time))
    return { path: ['received'], message: 'expected a time', hint: 'for example 2026-01-01T00:00:00Z' }
  return { kind, body, received: time, to }
}

/** Adds the problems of unknown fields and wrong values. `null` is absent. */
export function batchOf(rows: readonly ReadRow[], complain: (row: number, problem: RowProblem) => void): Batch {
  return rows[0]?.kind === 'event' ? eventsOf(rows, complain) : flowsOf(rows, complain)
}

function flowsOf(rows: readonly ReadRow[], complain: (row: number, problem: RowProblem) => void): Batch {
  const puts = putFields(rows.length)
  rows.forEach(({ body }, row) => {
    for (const [name, value] of Object.entries(body)) {
      const path = ['flow', name]
      if (name === 'extra' && isRecord(value)) {
        puts.extra(row, value)
        continue
      }
      const put = puts.to(name)
      if (put === undefined)
        complain(row, {
          path,
          message: `flows have no field \`${name}\``,
          hint:
            didYouMean(
              name,
              flowFields.map((field) => field.name),
            ) ?? 'further names are members of `extra`',
        })
      else if (!put(row, value)) complain(row, { path, message: `the value does not fit field \`${name}\`` })
    }
  })
  return puts.done()
}

const attributes = [
  'specversion',
  'id',
  'source',
  'type',
  'subject',
  'time',
  'datacontenttype',
  'dataschema',
  'family',
  'key',
  'ref',
  'extensions',
  'data',
] as const

function eventsOf(rows: readonly ReadRow[], complain: (row: number, problem: RowProblem) => void): Batch {
  return toEventBatch(
    rows.map(({ body }, row): WeirEvent => {
      for (const [name, value] of Object.entries(body)) {
        const path = ['event', name]
        if (!(attributes as readonly string[]).includes(name))
          complain(row, {
            path,
            message: `events have no attribute \`${name}\``,
            hint: didYouMean(name, attributes) ?? 'write extension attributes under `extensions`',
          })
        else if (name === 'extensions' ? !isRecord(value) : name !== 'data' && name !== 'time' && !isText(value))
          complain(row, { path, message: `attribute \`${name}\` is ${name === 'extensions' ? 'a map' : 'a text'}` })
        else if (name === 'time' && Number.isNaN(Date.parse(String(value))))
          complain(row, { path, message: 'expected a time', hint: 'for example 2026-01-01T00:00:00Z' })
        else if (name === 'family' && !families.includes(value as Family))
          complain(row, { path, message: `there is no family \`${String(value)}\``, hint: families.join(', ') })
      }
      const text = (name: (typeof attributes)[number]) => {
        const value = body[name]
        return typeof value === 'string' ? value : undefined
      }
      const { data, time, extensions } = body
      const optional = Object.fromEntries(
        (['subject', 'datacontenttype', 'dataschema', 'key', 'ref'] as const).flatMap((name) => {
          const value = text(name)
          return value === undefined ? [] : [[name, value]]
        }),
      )
      return {
        id: text('id') ?? `test-${row + 1}`,
        source: text('source') ?? '/test',
        type: text('type') ?? 'test',
        family: (text('family') ?? 'event') as Family,
        ...optional,
        ...(time === undefined || time === null ? {} : { time: timeOf(time) }),
        ...(isRecord(extensions) ? { extensions: extensions as NonNullable<WeirEvent['extensions']> } : {}),
        ...(data === undefined || data === null
          ? { encoding: 'none' as const }
          : { encoding: 'json' as const, data: new TextEncoder().encode(JSON.stringify(data)) }),
      }
    }),
  )
}

const isText = (value: unknown) => value === null || typeof value === 'string'

export function valuesOf(batch: Batch): readonly Fields[] {
  if (batch.kind === 'flows') {
    const json = flowJson(batch)
    return Array.from({ length: batch.count }, (_, row) => JSON.parse(json(row)) as Fields)
  }
  return Array.from({ length: batch.count }, (_, row) => {
    const { data, time, encoding, ...rest } = eventAt(batch, row)
    return {
      ...rest,
      ...(time === undefined ? {} : { time: new Date(time).toISOString() }),
      ...(data === undefined
        ? {}
        : {
            data:
              encoding === 'json'
                ? (JSON.parse(new TextDecoder().decode(data)) as unknown)
                : new TextDecoder().decode(data),
          }),
    }
  })
}

/** The written fields by the names of {@link valuesOf}; null: absent. */
export function expectedValues(row: ReadRow): Fields {
  if (row.kind === 'event') {
    const { time, ...rest } = row.body
    return {
      ...rest,
      ...(time === undefined ? {} : { time: time === null ? null : new Date(timeOf(time)).toISOString() }),
    }
  }
  const [values = {}] = valuesOf(batchOf([row], () => undefined))
  return Object.fromEntries(
    Object.keys(row.body).map((name) => {
      const field = resolveFieldName(name) ?? name
      return [field, values[field] ?? null]
    }),
  )
}

/** `listed`: other fields than those of `expected` may have any value. */
export function difference(
  expected: unknown,
  actual: unknown,
  compared: 'exact' | 'listed',
  path = '',
): readonly string[] {
  if (isRecord(expected) && isRecord(actual)) {
    const names =
      compared === 'exact' ? [...new Set([...Object.keys(expected), ...Object.keys(actual)])] : Object.keys(expected)
    return names.flatMap((name) =>
      difference(expected[name] ?? null, actual[name] ?? null, compared, path === '' ? name : `${path}.${name}`),
    )
  }
  const [wanted, got] = [JSON.stringify(expected), JSON.stringify(actual)]
  return wanted === got ? [] : [`- ${path}: ${shown(wanted)}`, `+ ${path}: ${shown(got)}`]
}

const shown = (json: string | undefined) => (json === undefined || json === 'null' ? 'absent' : json)

function timeOf(value: unknown) {
  return typeof value === 'string' || typeof value === 'number' || value instanceof Date
    ? new Date(value).getTime()
    : Number.NaN
}
