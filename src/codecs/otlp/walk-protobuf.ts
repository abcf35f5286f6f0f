import type { Fields } from '../../model/json.ts'
import { strictText } from '../proto-reader/text.ts'
import { WireReader } from '../proto-reader/index.ts'
import { stepsPerTurn, verifyMessages } from '../proto-reader/verify.ts'
import { decodeMessage } from './decode.ts'
import type { OtlpSignal, OtlpVisitor, PointType } from './visitor.ts'

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
  yield* verifyMessages(body, levels[signal])
  const reader = new WireReader()
  reader.start(body, 0)
  for (let step = 1; reader.next(body.length); step++) {
    if (step % stepsPerTurn === 0) yield
    const end = reader.enter(1, body.length)
    if (end > reader.at) yield* ofResource(signal, reader, end, visitor)
  }
}

function* ofResource(signal: OtlpSignal, reader: WireReader, end: number, visitor: OtlpVisitor): Walk {
  visitor.resource(headOf('resource', reader, end))
  for (let step = 1; reader.next(end); step++) {
    if (step % stepsPerTurn === 0) yield
    const to = reader.enter(list, end)
    if (to > reader.at) yield* ofScope(signal, reader, to, visitor)
  }
}

function* ofScope(signal: OtlpSignal, reader: WireReader, end: number, visitor: OtlpVisitor): Walk {
  visitor.scope(headOf('scope', reader, end))
  for (let step = 1; reader.next(end); step++) {
    if (visitor.isFull || step % stepsPerTurn === 0) yield
    const to = reader.enter(list, end)
    if (to < 0) continue
    if (signal === 'metrics') yield* ofMetric(reader, to, visitor)
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
    if (type === undefined) {
      reader.skip(end)
      continue
    }
    const to = reader.within(end)
    for (let step = 1; reader.next(to); step++) {
      if (visitor.isFull || step % stepsPerTurn === 0) yield
      const pointEnd = reader.enter(1, to)
      if (pointEnd < 0) continue
      const point = attempt(() => decodeMessage(type, reader.bytes.subarray(reader.at, pointEnd)), visitor)
      if (point !== undefined) visitor.point(type, point)
      reader.at = pointEnd
    }
  }
}

/** By field. */
const headTexts: Readonly<Record<number, string>> = { 1: 'name', 2: 'description', 3: 'unit' }

function metricHead(reader: WireReader, end: number): Fields | undefined {
  const metric: Record<string, unknown> = {}
  while (reader.next(end)) {
    const { field } = reader
    const type = typesByField.get(field)
    const named = headTexts[field]
    if (type === undefined && named === undefined) {
      reader.skip(end)
      continue
    }
    const to = reader.within(end)
    if (to < 0) continue
    if (type === undefined) {
      const text = strictText(reader.bytes, reader.at, to)
      if (text === undefined) return undefined
      metric[named!] = text
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
  let bytes: Uint8Array | undefined
  while (reader.next(end)) {
    const to = reader.enter(head, end)
    if (to < 0) continue
    bytes = reader.bytes.subarray(reader.at, to)
    reader.at = to
  }
  reader.at = from
  try {
    return bytes === undefined ? {} : decodeMessage(name, bytes)
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
