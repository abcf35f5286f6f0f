import { dataEncodings, type Batch, type EventBatch, type FlowBatch } from '../model/batches.ts'
import { isPresent, type Column, type DictColumn, type IpColumn } from '../model/columns.ts'
import { endpointColumns, isOfNetworks, nodeColumns, type End, type Endpoint } from '../model/endpoint.ts'
import { eventId, heapItem } from '../model/events.ts'
import { stableId } from '../model/positions.ts'
import { eventTimeOf, macsBeside, networksBeside } from '../model/event-time.ts'
import { memberColumn, memberIn, memberOf, memberText } from '../model/flow-members.ts'
import { directionOf, nodeColumn } from '../model/flow-nodes.ts'
import { parseExact } from '../model/exact-json.ts'
import { parseIp } from '../model/ip.ts'
import { isRecord } from '../model/json.ts'
import { levelInLine } from '../model/log-level.ts'
import { initiatorOf, servicePortOf, type PortEvidence } from '../model/service-port.ts'
import { firstTime, lastTime } from './times.ts'

export type LiveHeader = Readonly<{
  source: string
  epoch: number
  sourceSequence: number
  received: number
}>

export interface LiveResolver {
  resolve(
    words: Uint32Array,
    offset: number,
    time: number,
    scope: string,
    beside?: { mac: number; network: string },
  ): Readonly<{ is: 'endpoint'; endpoint: Endpoint }> | { readonly is: 'unknown' | 'wait' }
  readonly holders?: unknown
}

export type LiveRows<B extends Batch = Batch> = Readonly<{
  batch: B
  header: LiveHeader
  resolver: LiveResolver | undefined
}>

type TextReader = (row: number) => string | undefined
type NumberReader = (row: number) => number

const [firstMs, lastMs] = [Number(firstTime / 1000n), Number(lastTime / 1000n)]

/** As in the store; NaN for invalid times. */
export function microseconds(ms: number | undefined): number {
  return ms !== undefined && ms >= firstMs && ms <= lastMs ? Math.round(ms * 1000) : Number.NaN
}

export function isFlows(rows: LiveRows): rows is LiveRows<FlowBatch> {
  return rows.batch.kind === 'flows'
}

export function codesOf(rows: LiveRows, name: string): Uint32Array | undefined {
  if (isFlows(rows)) {
    const column = rows.batch.columns[name]
    return column?.kind === 'dict' || column?.kind === 'json' ? column.codes : undefined
  }
  const codes = (rows.batch as unknown as Record<string, unknown>)[name]
  return codes instanceof Uint32Array ? codes : undefined
}

/** Exact as doubles: small integers, booleans, times in µs. */
export function numbersOf(rows: LiveRows, name: string): NumberReader | undefined {
  if (!isFlows(rows)) return eventTime(rows as LiveRows<EventBatch>, name)
  if (name === 'service_port') {
    const evidence = portEvidence(rows.batch)
    return (row) => servicePortOf(evidence(row)) ?? Number.NaN
  }
  const column = storedColumn(rows.batch, rows.header, name, rows.resolver)
  if (column === undefined && name === 'time_received') return receiptReader(rows.header)
  if (column === undefined || !('values' in column)) return undefined
  const { values, valid } = column
  if (column.kind === 'time') return (row) => (isPresent(valid, row) ? microseconds(values[row]) : Number.NaN)
  if (name === 'time_skewed') return (row) => (isPresent(valid, row) ? Math.min(1, values[row] ?? 0) : Number.NaN)
  return (row) => (isPresent(valid, row) ? (values[row] ?? Number.NaN) : Number.NaN)
}

/** Evidence of a row from which its service port and initiator follow. */
export function portEvidence({ columns, dictionary }: FlowBatch): (row: number) => PortEvidence {
  const numbers = (name: string) => {
    const column = columns[name]
    if (column?.kind !== 'u8' && column?.kind !== 'u16' && column?.kind !== 'u32') return () => undefined
    const { values, valid } = column
    return (row: number) => (isPresent(valid, row) ? values[row] : undefined)
  }
  const [src, dst, flags] = [numbers('src_port'), numbers('dst_port'), numbers('tcp_flags')]
  const listening = numbers('listening_side')
  const agent = dictionary.indexOf('netobserv')
  const protocol = columns['protocol']
  const codes = protocol?.kind === 'dict' && agent > 0 ? protocol.codes : undefined
  return (row) => ({
    src: src(row),
    dst: dst(row),
    flags: flags(row),
    listening: listening(row),
    isAgent: codes !== undefined && codes[row] === agent,
  })
}

function eventTime({ batch, header }: LiveRows<EventBatch>, name: string): NumberReader | undefined {
  if (name === 'time') return (row) => microseconds(batch.time[row])
  return name === 'time_received' ? receiptReader(header) : undefined
}

function receiptReader(header: LiveHeader): NumberReader {
  const time = microseconds(Math.round(header.received))
  return () => time
}

/** Whether the value is of the flow or else of its resolved address. */
export function isResolved(batch: FlowBatch, name: string, resolver: LiveResolver | undefined): boolean {
  if (batch.derived === true) return false
  const column = endpointColumns.get(name)
  return column !== undefined && resolver !== undefined && (resolver.holders !== undefined || isOfNetworks(column.part))
}

/** Texts that are not all in a dictionary; undefined if no row has one. */
export function textsOf(rows: LiveRows, name: string): TextReader | undefined {
  const { batch, header } = rows
  if (name === '_pos') return (row) => stableId(header.source, header.epoch, header.sourceSequence, row)
  if (batch.kind === 'flows' && name === 'initiator') {
    const evidence = portEvidence(batch)
    return (row) => initiatorOf(evidence(row))
  }
  const key = batch.kind === 'flows' ? memberOf(name) : undefined
  if (key !== undefined) return memberReader(rows, key, memberText)
  if (batch.kind === 'events' && name === 'id') return (row) => eventId(batch, row)
  if (batch.kind === 'events' && name === 'data_base64') {
    return (row) =>
      dataEncodings[batch.encoding[row] ?? 0] === 'binary'
        ? Buffer.from(heapItem(batch.data, row)).toString('base64')
        : undefined
  }
  if (batch.kind === 'events' && name === 'data') return bodyReader(batch)
  if (batch.kind === 'events' && name === 'level') return levelReader(batch)
  const codes = codesOf(rows, name)
  const carried: TextReader | undefined =
    codes === undefined ? undefined : (row) => (codes[row] === 0 ? undefined : batch.dictionary[codes[row] ?? 0])
  const later = isFlows(rows) ? resolvedTexts(rows, name) : undefined
  if (later === undefined || carried === undefined) return carried ?? later
  return (row) => carried(row) ?? later(row)
}

/** Reads the value of a member of each row; absent values and nulls are undefined. */
export function memberReader<Value>(
  rows: LiveRows,
  key: string,
  read: (value: unknown) => Value,
): (row: number) => Value {
  const codes = codesOf(rows, memberColumn)
  const { dictionary } = rows.batch
  const cache = new Map<number, Value>()
  const absentValue = read(undefined)
  if (codes === undefined) return () => absentValue
  return (row) => {
    const code = codes[row] ?? 0
    if (code === 0) return absentValue
    if (!cache.has(code)) cache.set(code, read(memberIn(dictionary[code] ?? '{}', key)))
    return cache.get(code) as Value
  }
}

/** Body as the store has it: JSON unchanged, text as a JSON string. */
function bodyReader({ encoding, data }: EventBatch): TextReader {
  return (row) => {
    const encodingName = dataEncodings[encoding[row] ?? 0]
    if (encodingName !== 'json' && encodingName !== 'text') return undefined
    const body = Buffer.from(heapItem(data, row)).toString('utf8')
    return encodingName === 'json' ? body : JSON.stringify(body)
  }
}

/** Parsed bodies; undefined for bodies that are not JSON. */
export function bodiesOf({ batch }: LiveRows): (row: number) => unknown {
  if (batch.kind !== 'events') return () => undefined
  const read = bodyReader(batch)
  let last: readonly [row: number, body: unknown] = [-1, undefined]
  return (row) => {
    if (last[0] === row) return last[1]
    const text = read(row)
    last = [row, text === undefined ? undefined : parsedBody(text)]
    return last[1]
  }
}

function parsedBody(text: string): unknown {
  try {
    return parseExact(text)
  } catch {
    return undefined
  }
}

function levelReader(batch: EventBatch): TextReader {
  const log = batch.dictionary.indexOf('log')
  const read = bodiesOf({ batch } as LiveRows)
  return (row) => {
    if (log < 0 || batch.family[row] !== log) return undefined
    const body = read(row)
    const [severity, line] = isRecord(body) ? [body['severity'], body['line']] : []
    return typeof severity === 'string' ? severity : levelInLine(typeof line === 'string' ? line : '')
  }
}

/** Texts of addresses at the time of the flow; undefined if no row has one. */
export function resolvedTexts({ batch, header, resolver }: LiveRows<FlowBatch>, name: string): TextReader | undefined {
  const column = endpointColumns.get(name)
  if (column === undefined || resolver === undefined || !isResolved(batch, name, resolver)) return undefined
  const { part, ends, least } = column
  const readers = ends.flatMap((end): TextReader[] => {
    const read = endpointReader(batch, header, end, resolver)
    return read === undefined ? [] : [(row) => read(row)?.[part]]
  })
  const [first, second] = readers
  if (first === undefined || second === undefined) return first
  if (least !== true) return (row) => first(row) ?? second(row)
  return (row) => {
    const [a, b] = [first(row), second(row)]
    return a === undefined || b === undefined ? (a ?? b) : a < b ? a : b
  }
}

function endpointReader(
  batch: FlowBatch,
  { received }: LiveHeader,
  end: End,
  resolver: LiveResolver,
): ((row: number) => Endpoint | undefined) | undefined {
  const addresses = batch.columns[`${end}_addr`]
  if (addresses?.kind !== 'ip') return undefined
  const scope = batch.columns['scope'] as DictColumn | undefined
  const macs = macsBeside(batch, addresses)
  const networks = networksBeside(batch)
  const hints = { mac: Number.NaN, network: '' }
  return (row) => {
    if (!isPresent(addresses.valid, row)) return undefined
    if (macs !== undefined) hints.mac = macs(row)
    if (networks !== undefined) hints.network = networks(row)
    const answer = resolver.resolve(
      addresses.words,
      row * 4,
      eventTimeOf(batch, row, received),
      (scope === undefined ? undefined : batch.dictionary[scope.codes[row] ?? 0]) ?? '',
      hints,
    )
    return answer.is === 'endpoint' ? answer.endpoint : undefined
  }
}

export function storedColumn(
  batch: FlowBatch,
  header: LiveHeader,
  name: string,
  resolver: LiveResolver | undefined,
): Column | undefined {
  if (batch.derived === true) return batch.columns[name]
  const end = nodeColumns.get(name)
  if (end !== undefined) return nodesAt(batch, header, end, resolver)
  if (name !== 'node_direction') return batch.columns[name]
  return directionOf(batch, nodesAt(batch, header, 'src', resolver), nodesAt(batch, header, 'dst', resolver))
}

function nodesAt(
  batch: FlowBatch,
  header: LiveHeader,
  end: End,
  resolver: LiveResolver | undefined,
): IpColumn | undefined {
  const read = resolver?.holders === undefined ? undefined : endpointReader(batch, header, end, resolver)
  if (read === undefined) return nodeColumn(batch, end, undefined)
  const cache = new Map<string, Uint32Array | undefined>()
  return nodeColumn(batch, end, (row) => {
    const text = read(row)?.node_addr
    if (text === undefined) return undefined
    if (!cache.has(text)) cache.set(text, parseIp(text))
    return cache.get(text)
  })
}
