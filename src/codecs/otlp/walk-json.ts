import { isRecord, type Fields } from '../../model/json.ts'
import { JsonScan } from '../json-scan/index.ts'
import { maxValues } from './decode.ts'
import { stepsPerTurn } from '../proto-reader/verify.ts'
import { pointTypes, type OtlpSignal, type OtlpVisitor, type PointType } from './visitor.ts'

type Walk = Generator<undefined, void>

const names = {
  logs: { groups: 'resourceLogs', scopes: 'scopeLogs', items: 'logRecords' },
  metrics: { groups: 'resourceMetrics', scopes: 'scopeMetrics', items: 'metrics' },
} as const

/** JSON of protobuf may have the names of fields as the definitions write them: `resource_logs`. */
function fieldName(key: string): string {
  return key.includes('_') ? key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()) : key
}

/** The value of a message with names of its fields; names of attributes are values. */
function withFieldNames(value: unknown): unknown {
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) value[at] = withFieldNames(value[at])
    return value as unknown
  }
  if (!isRecord(value)) return value
  let hasOther = false
  for (const key in value) hasOther ||= key.includes('_')
  const all = hasOther
    ? Object.fromEntries(Object.entries(value).map(([key, member]) => [fieldName(key), member]))
    : value
  for (const key in all) {
    const member = all[key]
    if (typeof member === 'object') (all as Record<string, unknown>)[key] = withFieldNames(member)
  }
  return all
}

/** Throws before the first item unless the body is valid JSON. */
export function* walkOtlpJson(signal: OtlpSignal, body: Buffer, visitor: OtlpVisitor): Walk {
  const scan = new JsonScan(body)
  yield* scan.verify()
  if (!scan.isObject) throw new Error('the body is no object')
  const { groups, scopes, items } = names[signal]
  const ofScope = () =>
    members(scan, { list: items, head: 'scope', take: (scope) => visitor.scope(scope) }, () =>
      signal === 'logs' ? record(scan, visitor) : metric(scan, visitor),
    )
  const ofResource = () =>
    members(scan, { list: scopes, head: 'resource', take: (resource) => visitor.resource(resource) }, ofScope)
  scan.enter()
  for (let key = scan.key(); key !== undefined; key = scan.key())
    if (fieldName(key) === groups) yield* itemsOf(scan, groups, ofResource)
    else scan.skip()
}

/** Walks an object with a head and a list. The head is taken before the list, also if it follows. */
function* members(
  scan: JsonScan,
  { list, head, take }: Readonly<{ list: string; head: string; take: (head: Fields | undefined) => void }>,
  item: () => Walk,
): Walk {
  scan.enter()
  let isTaken = false
  for (let key = scan.key(); key !== undefined; key = scan.key()) {
    const name = fieldName(key)
    if (name === head && !isTaken) {
      take(fieldsAt(scan))
      isTaken = true
    } else if (name === list) {
      if (!isTaken) take(headAfter(scan, head))
      isTaken = true
      yield* itemsOf(scan, list, item)
    } else scan.skip()
  }
}

function headAfter(scan: JsonScan, head: string): Fields | undefined {
  const { at } = scan
  scan.skip()
  let entry: Fields | undefined = {}
  for (let key = scan.key(); key !== undefined; key = scan.key())
    if (fieldName(key) === head) entry = fieldsAt(scan)
    else scan.skip()
  scan.at = at
  return entry
}

/** Undefined: no object, or too large. */
function fieldsAt(scan: JsonScan): Fields | undefined {
  const { value: written } = scan.value(maxValues) ?? {}
  const value = withFieldNames(written)
  return value === null ? {} : isRecord(value) ? value : undefined
}

function* itemsOf(scan: JsonScan, name: string, item: () => Walk): Walk {
  if (!scan.isList) {
    if (scan.value(1)?.value === null) return
    throw new Error(`\`${name}\` is no list`)
  }
  scan.enter()
  for (let step = 1; scan.item(); step++) {
    if (step % stepsPerTurn === 0) yield
    if (!scan.isObject) throw new Error(`an element of \`${name}\` is no object`)
    yield* item()
  }
}

function* record(scan: JsonScan, visitor: OtlpVisitor): Walk {
  const fields = fieldsAt(scan)
  if (fields === undefined) visitor.fault(`it has more than ${maxValues} values`)
  else visitor.record(fields)
  if (visitor.isFull) yield
}

const isPointType = (key: string): key is PointType => (pointTypes as readonly string[]).includes(key)

/** The data points of a metric may precede its name. */
function* metric(scan: JsonScan, visitor: OtlpVisitor): Walk {
  const from = scan.at
  visitor.metric(metricHead(scan))
  scan.at = from
  scan.enter()
  for (let key = scan.key(); key !== undefined; key = scan.key()) {
    const type = fieldName(key)
    if (!isPointType(type) || !scan.isObject) {
      scan.skip()
      continue
    }
    scan.enter()
    for (let inner = scan.key(); inner !== undefined; inner = scan.key())
      if (fieldName(inner) === 'dataPoints') yield* itemsOf(scan, 'dataPoints', () => point(type, scan, visitor))
      else scan.skip()
  }
}

function* point(type: PointType, scan: JsonScan, visitor: OtlpVisitor): Walk {
  const fields = fieldsAt(scan)
  if (fields === undefined) visitor.fault(`it has more than ${maxValues} values`)
  else visitor.point(type, fields)
  if (visitor.isFull) yield
}

const headTexts: ReadonlySet<string> = new Set(['name', 'description', 'unit'])

function metricHead(scan: JsonScan): Fields {
  const entry: Record<string, unknown> = {}
  scan.enter()
  for (let written = scan.key(); written !== undefined; written = scan.key()) {
    const key = fieldName(written)
    if (headTexts.has(key)) entry[key] = scan.value(1)?.value
    else if (!isPointType(key)) scan.skip()
    else if (!scan.isObject) {
      if (scan.value(1)?.value !== null) throw new Error(`\`${key}\` is no object`)
    } else {
      const data: Record<string, unknown> = {}
      scan.enter()
      for (let inner = scan.key(); inner !== undefined; inner = scan.key())
        if (fieldName(inner) === 'dataPoints') scan.skip()
        else data[fieldName(inner)] = scan.value(maxValues)?.value
      entry[key] = data
    }
  }
  return entry
}
