/**
 * Batches as bytes: the uncompressed body of a frame. Little-endian. Every array starts on a multiple of 8, so that it
 * is read as a typed-array view without a copy.
 *
 * flows:  u32 count · u32 columns · dictionary · per column { u16 field · u8 kind · u8 flags · u32 bytes · data }
 *         The field 65535 marks derived rows. Frames of version 2 have narrow columns: see narrow.ts.
 * events: u32 count · dictionary · the arrays of EventBatch in fixed order
 * dictionary: u32 strings · u32 bytes · u32 end offset per string · UTF-8
 */
import { eventCodes, type Batch, type BatchKind, type EventBatch, type FlowBatch } from '../model/batches.ts'
import { columnKinds, type Column } from '../model/columns.ts'
import { toEventBatch, type WeirEvent } from '../model/events.ts'
import { releaseBuffer } from '../model/release-buffer.ts'
import { flowField, flowFieldById } from '../model/fields.ts'
import { ByteReader, ByteWriter, type Numbers } from './bytes.ts'
import { freshRoom, type Room } from './column-room.ts'
import { narrowed, packings, readNarrow, writeNarrow } from './narrow.ts'

const hasValid = 1
/** Flag of a column with equal rows: one value is stored. */
const isConstant = 2
/** First bit of the packing: how a column of a fixed width is narrowed. */
const packingBit = 2
/** Instead of a field: a column `u8` of ones marks derived rows. Earlier versions skip it as an unknown field. */
const derivedMark = 0xffff

export function encodeBatch(batch: Batch, room?: Uint8Array<ArrayBuffer>): Uint8Array {
  const writer = new ByteWriter(sizeOf(batch), room)
  writer.u32(batch.count)
  if (batch.kind === 'flows') encodeFlows(batch, writer)
  else encodeEventColumns(batch, writer)
  return writer.bytes()
}

/** Reused: allocations per unit would trigger full garbage collections. */
const dataRoom = new Uint8Array(512 * 1024)

/** The batch passed to `read` is valid until it returns. */
export function encodeEvents(
  events: readonly WeirEvent[] | EventBatch,
  read?: (batch: EventBatch) => void,
): { readonly raw: Uint8Array } & TimeRange {
  const batch = 'kind' in events ? events : toEventBatch(events, dataRoom)
  read?.(batch)
  const raw = encodeBatch(batch)
  if (batch !== events && batch.data.bytes.buffer !== dataRoom.buffer) releaseBuffer(batch.data.bytes)
  return { raw, ...timeRange(batch.time) }
}

/** Unix ms; NaN if no row has a time. */
type TimeRange = Readonly<{
  timeMin: number
  timeMax: number
}>

export function timeRange(times: Float64Array): TimeRange {
  let [timeMin, timeMax] = [Number.NaN, Number.NaN]
  for (const time of times) {
    if (Number.isNaN(time)) continue
    if (!(timeMin <= time)) timeMin = time
    if (!(timeMax >= time)) timeMax = time
  }
  return { timeMin, timeMax }
}

/** `room`: for the columns of flows that are narrower in the body. The others are views of the body. */
export function decodeBatch(kind: BatchKind, raw: Uint8Array, room: Room = freshRoom): Batch {
  const from = new ByteReader(raw)
  const count = from.u32()
  return kind === 'flows' ? decodeFlows(count, from, room) : decodeEvents(count, from)
}

function sizeOf(batch: Batch): number {
  const perArray = 16
  let bytes = 64 + ByteWriter.sizeOf(batch.dictionary)
  const add = (array: { readonly byteLength: number } | undefined) => {
    bytes += (array?.byteLength ?? 0) + perArray
  }
  if (batch.kind === 'events') {
    for (const name of eventCodes) add(batch[name])
    for (const array of [
      batch.time,
      batch.encoding,
      batch.id.offsets,
      batch.id.bytes,
      batch.data.offsets,
      batch.data.bytes,
    ])
      add(array)
    return bytes
  }
  for (const column of Object.values(batch.columns)) {
    bytes += perArray
    if ('valid' in column) add(column.valid)
    add(fixedWidth(column)?.items)
    if (column.kind === 'list<u8>' || column.kind === 'list<dict>') {
      add(column.offsets)
      add(column.items)
    }
  }
  return bytes
}

function encodeFlows(batch: FlowBatch, out: ByteWriter) {
  const names = Object.keys(batch.columns)
  out.u32(names.length + (batch.derived === true ? 1 : 0))
  out.strings(batch.dictionary)
  for (const name of names) {
    const column = batch.columns[name]
    const field = flowField(name)
    if (column === undefined || field === undefined || field.kind !== column.kind) {
      throw new Error(`column ${name} does not match field ${field?.kind ?? 'unknown'} of the registry`)
    }
    encodeColumn(field.id, column, batch.count, out)
  }
  if (batch.derived !== true) return
  out.u32(derivedMark | (columnKinds.indexOf('u8') << 16) | (isConstant << 24))
  out.array(Uint8Array.of(1))
}

function fixedWidth(column: Column): { items: Numbers; width: number } | undefined {
  switch (column.kind) {
    case 'u64':
    case 'mac':
      return { items: column.words, width: 2 }
    case 'ip':
      return { items: column.words, width: 4 }
    case 'dict':
    case 'json':
      return { items: column.codes, width: 1 }
    case 'list<u8>':
    case 'list<dict>':
      return undefined
    default:
      return { items: column.values, width: 1 }
  }
}

/** As bytes, so that NaN is equal to itself. */
function allEqual(items: Numbers, width: number) {
  if (items.length > width && items[0] !== items[width] && !Number.isNaN(items[0])) return false
  const bytes = new Uint8Array(items.buffer, items.byteOffset, items.byteLength)
  const step = width * items.BYTES_PER_ELEMENT
  return bytes.length <= step || Buffer.compare(bytes.subarray(step), bytes.subarray(0, -step)) === 0
}

function encodeColumn(id: number, column: Column, count: number, out: ByteWriter) {
  const validBits = 'valid' in column ? column.valid : undefined
  const flat = fixedWidth(column)
  const constant = flat !== undefined && count > 1 && allEqual(flat.items, flat.width)
  const narrowedItems = constant ? undefined : narrowed(column, count)
  const flags =
    (validBits ? hasValid : 0) | (constant ? isConstant : 0) | ((narrowedItems?.packing ?? packings.wide) << packingBit)
  out.u32(id | (columnKinds.indexOf(column.kind) << 16) | (flags << 24))
  if (validBits !== undefined) out.array(validBits)
  if (narrowedItems !== undefined) writeNarrow(narrowedItems, out)
  else if (flat !== undefined) {
    out.array(constant ? flat.items.subarray(0, flat.width) : flat.items)
  } else if (column.kind === 'list<u8>' || column.kind === 'list<dict>') {
    out.array(column.offsets)
    out.array(column.items)
  }
}

const repeats = new Map<string, Numbers>()
const maxRepeats = 64
const maxCachedRows = 1 << 14

interface ArrayType<T> {
  new (length: number): T
  new (buffer: ArrayBuffer, offset: number, length: number): T
  readonly BYTES_PER_ELEMENT: number
}

function repeated<T extends Numbers>(items: T, width: number, count: number, type: ArrayType<T>): T {
  if (items.length === width * count) return items
  // Columns of times are not cached, since times do not repeat between frames.
  if (count > maxCachedRows || items.length !== width || items instanceof Float64Array)
    return filled(items, width, count, type)
  const key = `${items.constructor.name} ${items.join()}`
  let all = repeats.get(key) as T | undefined
  if (all === undefined || all.length < width * count) {
    if (repeats.size >= maxRepeats) repeats.clear()
    repeats.set(key, (all = filled(items, width, Math.min(maxCachedRows, count + (count >> 2)), type)))
  }
  return all.subarray(0, width * count) as T
}

function filled<T extends Numbers>(items: T, width: number, count: number, type: ArrayType<T>): T {
  const all = new type(width * count)
  if (width === 1) {
    all.fill(items[0] as never)
    return all
  }
  for (let row = 0; row < count; row++) all.set(items as never, row * width)
  return all
}

function decodeColumn(count: number, from: ByteReader, room: Room): { id: number; column: Column } {
  const head = from.u32()
  const kind = columnKinds[(head >>> 16) & 0xff]
  const flags = head >>> 24
  const packing = flags >>> packingBit
  const valid = flags & hasValid ? { valid: from.u8s() } : {}
  const items = <T extends Numbers>(read: () => T, width: number, type: ArrayType<T>): T => {
    if (packing === packings.wide) return repeated(read(), width, count, type)
    const length = width * count
    const widened = new type(room.take(length * type.BYTES_PER_ELEMENT), 0, length)
    return readNarrow(packing, widened, width, valid.valid, from)
  }
  const u32 = (width: number) => items(() => from.u32s(), width, Uint32Array)
  const column = ((): Column => {
    switch (kind) {
      case 'u8':
        return { kind, ...valid, values: items(() => from.u8s(), 1, Uint8Array) }
      case 'u16':
        return { kind, ...valid, values: items(() => from.u16s(), 1, Uint16Array) }
      case 'u32':
        return { kind, ...valid, values: u32(1) }
      case 'i32':
        return { kind, ...valid, values: items(() => from.i32s(), 1, Int32Array) }
      case 'f64':
      case 'time':
        return { kind, ...valid, values: items(() => from.f64s(), 1, Float64Array) }
      case 'u64':
      case 'mac':
        return { kind, ...valid, words: u32(2) }
      case 'ip':
        return { kind, ...valid, words: u32(4) }
      case 'dict':
      case 'json':
        return { kind, codes: u32(1) }
      case 'list<u8>':
        return { kind, offsets: from.u32s(), items: from.u8s() }
      case 'list<dict>':
        return { kind, offsets: from.u32s(), items: from.u32s() }
      default:
        throw new Error(`unknown column kind ${(head >>> 16) & 0xff}`)
    }
  })()
  return { id: head & 0xffff, column }
}

function decodeFlows(count: number, from: ByteReader, room: Room): FlowBatch {
  const width = from.u32()
  const dictionary = from.strings()
  const columns: Record<string, Column> = {}
  let isDerived = false
  for (let i = 0; i < width; i++) {
    const { id, column } = decodeColumn(count, from, room)
    isDerived ||= id === derivedMark
    // The field is of a later version.
    const field = flowFieldById(id)
    if (field !== undefined) columns[field.name] = column
  }
  return { kind: 'flows', count, dictionary, columns, ...(isDerived ? { derived: isDerived } : {}) }
}

function encodeEventColumns(batch: EventBatch, out: ByteWriter) {
  out.strings(batch.dictionary)
  for (const name of eventCodes) {
    const codes = batch[name]
    const constant = batch.count > 1 && allEqual(codes, 1)
    out.array(constant ? codes.subarray(0, 1) : codes)
  }
  out.array(batch.time)
  out.array(batch.encoding)
  out.heap(batch.id)
  out.heap(batch.data)
}

function decodeEvents(count: number, from: ByteReader): EventBatch {
  const dictionary = from.strings()
  const codes: Partial<Record<(typeof eventCodes)[number], Uint32Array>> = {}
  for (const name of eventCodes) codes[name] = repeated(from.u32s(), 1, count, Uint32Array)
  const time = from.f64s()
  const encoding = from.u8s()
  const id = from.heap()
  const data = from.heap()
  return { kind: 'events', count, dictionary, ...(codes as Required<typeof codes>), time, encoding, id, data }
}
