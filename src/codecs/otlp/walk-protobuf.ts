import type { Fields } from '../../model/json.ts'
import { strictText } from '../proto-reader/text.ts'
import { WireReader } from '../proto-reader/index.ts'
import { decodeMessage } from './decode.ts'
import { stepsPerTurn, type OtlpSignal, type OtlpVisitor, type PointType } from './visitor.ts'

type Walk = Generator<undefined, void>

const typesByField = new Map<number, PointType>([
  [5, 'gauge'],
  [7, 'sum'],
  [9, 'histogram'],
  [10, 'exponentialHistogram'],
  [11, 'summary'],
])
const [head, list] = [1, 2]
/** Fields with messages by depth: resource, scope, record; of metrics also the data and its points. */
const levels: Readonly<Record<OtlpSignal, readonly (readonly number[])[]>> = {
  logs: [[1], [list], [list]],
  metrics: [[1], [list], [list], [...typesByField.keys()], [1]],
}

/** Throws before the first item if the structure down to the items is malformed. */
export function* walkOtlp(signal: OtlpSignal, body: Uint8Array, visitor: OtlpVisitor): Walk {
  yield* verify(body, levels[signal])
  const reader = new WireReader()
  reader.start(body, 0)
  for (let step = 1; reader.next(body.length); step++) {
    if (step % stepsPerTurn === 0) yield
    const end = reader.field === 1 ? reader.within(body.length) : -1
    if (end < 0) reader.skip(body.length)
    else if (end > reader.at) yield* ofResource(signal, reader, end, visitor)
  }
}

function* verify(body: Uint8Array, path: readonly (readonly number[])[]): Walk {
  const reader = new WireReader()
  reader.start(body, 0)
  const ends = [body.length]
  for (let step = 1; ; step++) {
    if (step % stepsPerTurn === 0) yield
    const end = ends.at(-1)!
    if (!reader.next(end)) {
      if (reader.failed) throw new Error('it is no valid protobuf')
      ends.pop()
      if (ends.length === 0) return
      continue
    }
    if (!path[ends.length - 1]!.includes(reader.field)) {
      reader.skip(end)
      continue
    }
    if (reader.type !== 2) throw new Error('a field has the wrong type')
    const to = reader.within(end)
    if (to < 0) continue
    if (ends.length === path.length) reader.at = to
    else ends.push(to)
  }
}

function* ofResource(signal: OtlpSignal, reader: WireReader, end: number, visitor: OtlpVisitor): Walk {
  visitor.resource(headOf('resource', reader, end))
  for (let step = 1; reader.next(end); step++) {
    if (step % stepsPerTurn === 0) yield
    const to = reader.field === list ? reader.within(end) : -1
    if (to < 0) reader.skip(end)
    else if (to > reader.at) yield* ofScope(signal, reader, to, visitor)
  }
}

function* ofScope(signal: OtlpSignal, reader: WireReader, end: number, visitor: OtlpVisitor): Walk {
  visitor.scope(headOf('scope', reader, end))
  for (let step = 1; reader.next(end); step++) {
    if (visitor.isFull || step % stepsPerTurn === 0) yield
    const to = reader.field === list ? reader.within(end) : -1
    if (to < 0) reader.skip(end)
    else if (signal === 'metrics') yield* ofMetric(reader, to, visitor)
    else {
      const record = attempt(() => decodeMessage('logRecord', reader.bytes.subarray(reader.at, to)), visitor)
      if (record !== undefined) visitor.record(record)
      reader.at = to
    }
  }
}

/** The data points of a metric may precede its name. */
function* ofMetric(reader: WireReader, end: number, visitor: OtlpVisitor): Walk {
  const from = reader.at
  visitor.metric(metricHead(reader, end))
  reader.at = from
  while (reader.next(end)) {
    const type = typesByField.get(reader.field)
    const to = type === undefined ? -1 : reader.within(end)
    if (type === undefined || to < 0) {
      reader.skip(end)
      continue
    }
    for (let step = 1; reader.next(to); step++) {
      if (visitor.isFull || step % stepsPerTurn === 0) yield
      const pointEnd = reader.field === 1 ? reader.within(to) : -1
      if (pointEnd < 0) {
        reader.skip(to)
        continue
      }
      const point = attempt(() => decodeMessage(type, reader.bytes.subarray(reader.at, pointEnd)), visitor)
      if (point !== undefined) visitor.point(type, point)
      reader.at = pointEnd
    }
  }
}

function metricHead(reader: WireReader, end: number): Fields | undefined {
  const metric: Record<string, unknown> = {}
  while (reader.next(end)) {
    const { field } = reader
    const type = typesByField.get(field)
    if (type === undefined && field !== 1 && field !== 3) {
      reader.skip(end)
      continue
    }
    const to = reader.within(end)
    if (to < 0) continue
    if (type === undefined) {
      const text = strictText(reader.bytes, reader.at, to)
      if (text === undefined) return undefined
      metric[field === 1 ? 'name' : 'unit'] = text
      reader.at = to
      continue
    }
    const data: Record<string, unknown> = {}
    while (reader.next(to))
      if (reader.field === 2) data['aggregationTemporality'] = reader.number(to)
      else if (reader.field === 3) data['isMonotonic'] = reader.number(to) !== 0
      else reader.skip(to)
    metric[type] = data
  }
  return metric
}

/** The last one, as parsers of protobuf do. The reader stays where it is. */
function headOf(name: 'resource' | 'scope', reader: WireReader, end: number): Fields | undefined {
  const from = reader.at
  let found: Uint8Array | undefined
  while (reader.next(end)) {
    const to = reader.field === head ? reader.within(end) : -1
    if (to < 0) {
      reader.skip(end)
      continue
    }
    found = reader.bytes.subarray(reader.at, to)
    reader.at = to
  }
  reader.at = from
  try {
    return found === undefined ? {} : decodeMessage(name, found)
  } catch {
    return undefined
  }
}

function attempt(decode: () => Fields, visitor: OtlpVisitor): Fields | undefined {
  try {
    return decode()
  } catch (error) {
    visitor.fault(error instanceof Error ? error.message : String(error))
    return undefined
  }
}
