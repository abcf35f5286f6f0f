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
    const messageEnd = reader.enter(list, end)
    if (messageEnd > reader.at) yield* ofScope(signal, reader, messageEnd, visitor)
  }
}

function* ofScope(signal: OtlpSignal, reader: WireReader, end: number, visitor: OtlpVisitor): Walk {
  visitor.scope(headOf('scope', reader, end))
  for (let step = 1; reader.next(end); step++) {
    if (visitor.isFull || step % stepsPerTurn === 0) yield
    const messageEnd = reader.enter(list, end)
    if (messageEnd < 0) continue
    if (signal === 'metrics') yield* ofMetric(reader, messageEnd, visitor)
    else {
      const record = attempt(() => decodeMessage('logRecord', reader.bytes.subarray(reader.at, messageEnd)), visitor)
      if (record !== undefined) visitor.record(record)
      reader.at = messageEnd
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
    const messageEnd = reader.within(end)
    for (let step = 1; reader.next(messageEnd); step++) {
      if (visitor.isFull || step % stepsPerTurn === 0) yield
      const pointEnd = reader.enter(1, messageEnd)
      if (pointEnd < 0) continue
      const point = attempt(() => decodeMessage(type, reader.bytes.subarray(reader.at, pointEnd)), visitor)
      if (point !== undefined) visitor.point(type, point)
      reader.at = pointEnd
    }
  }
}

/** Names of the head texts by number of the field. */
const headTexts: Readonly<Record<number, string>> = { 1: 'name', 2: 'description', 3: 'unit' }

function metricHead(reader: WireReader, end: number): Fields | undefined {
  const metric: Record<string, unknown> = {}
  while (reader.next(end)) {
    const { field } = reader
    const type = typesByField.get(field)
    const headText = headTexts[field]
    if (type === undefined && headText === undefined) {
      reader.skip(end)
      continue
    }
    const messageEnd = reader.within(end)
    if (messageEnd < 0) continue
    if (type === undefined) {
      const text = strictText(reader.bytes, reader.at, messageEnd)
      if (text === undefined) return undefined
      metric[headText!] = text
      reader.at = messageEnd
      continue
    }
    const data: Record<string, unknown> = {}
    while (reader.next(messageEnd))
      if (reader.field === 2) data['aggregationTemporality'] = reader.number(messageEnd)
      else if (reader.field === 3) data['isMonotonic'] = reader.number(messageEnd) !== 0
      else reader.skip(messageEnd)
    metric[type] = data
  }
  return metric
}

/** The last head, as parsers of protobuf take it. The reader stays at its position. */
function headOf(name: 'resource' | 'scope', reader: WireReader, end: number): Fields | undefined {
  const from = reader.at
  let bytes: Uint8Array | undefined
  while (reader.next(end)) {
    const messageEnd = reader.enter(head, end)
    if (messageEnd < 0) continue
    bytes = reader.bytes.subarray(reader.at, messageEnd)
    reader.at = messageEnd
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
