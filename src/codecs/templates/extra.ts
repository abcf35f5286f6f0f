import type { FlowBuilder } from '../../model/flow-builder.ts'
import { formatIp } from '../../model/ip.ts'
import type { DataSet, FieldPlace } from './data-set.ts'
import { float, highWord, lengthOf, lowWord, ntpTime, startOf } from './read.ts'
import type { Step } from './step-numbers.ts'

export const extraTypes = ['unsigned', 'signed', 'float', 'string', 'hex', 'ip', 'mac', 'bool', 'ntp', 'auto'] as const
export type ExtraType = (typeof extraTypes)[number]

export type ExtraElement = Readonly<{
  pen: number
  element: number
  name: string
  type: ExtraType
  /** As bytes if the length does not fit the type. */
  lossless?: boolean
}>

const utf8 = new TextDecoder()

type Read = Pick<DataSet, 'view' | 'bytes'>
/** The value as JSON; undefined if the length does not fit the type. */
type Writer = (read: Read, at: number, length: number) => string | undefined

/** One JSON object per row with any of the elements; allocates per row. */
export function extraStep(
  flows: FlowBuilder,
  elements: readonly Readonly<{ wanted: ExtraElement; place: FieldPlace }>[],
): Step {
  const column = flows.column('extra')
  const members = elements.map(({ wanted, place }) => ({
    key: `${JSON.stringify(wanted.name)}:`,
    write: writers[wanted.type],
    otherwise: wanted.lossless === true ? writers.hex : undefined,
    place,
  }))
  const build = (set: DataSet, record: number): string => {
    let json = ''
    for (const { key, write, otherwise, place } of members) {
      const length = lengthOf(set, place, record)
      if (length === 0) continue
      const at = startOf(set, place, record)
      const value = write(set, at, length) ?? otherwise?.(set, at, length)
      if (value !== undefined) json += `${json === '' ? '{' : ','}${key}${value}`
    }
    return json === '' ? '' : `${json}}`
  }
  const repeated = new RepeatedBytes(elements.map(({ place }) => place))
  return (set, row) => {
    for (let i = 0; i < set.count; i++) {
      const json = repeated.text(set, i, build)
      if (json === '') continue
      column.items[row + i] = flows.code(json)
      column.mark(row + i)
    }
  }
}

/** Per layout of a template, of which there are thousands. */
const [maxTexts, maxBytes, fewRows] = [64, 128, 4096]

/** Most elements of this kind have few values: the text of the same bytes is built once. */
class RepeatedBytes {
  readonly #first: FieldPlace
  readonly #length: number
  readonly #texts = new Map<string, string>()
  #isUsed: boolean
  #hits = 0
  #misses = 0

  constructor(places: readonly FieldPlace[]) {
    const [first, ...others] = places.toSorted((a, b) => a.offset - b.offset)
    this.#first = first!
    let end = first!.offset + (first!.length ?? 0)
    this.#isUsed = places.every(({ segment, length }) => length !== undefined && segment === first!.segment)
    for (const { offset, length = 0 } of others) {
      if (offset !== end) this.#isUsed = false
      end += length
    }
    this.#length = end - first!.offset
    if (this.#length > maxBytes) this.#isUsed = false
  }

  text(set: DataSet, record: number, build: (set: DataSet, record: number) => string): string {
    if (!this.#isUsed) return build(set, record)
    const from = startOf(set, this.#first, record)
    const key = latin1.call(set.bytes, from, from + this.#length)
    const existing = this.#texts.get(key)
    if (existing !== undefined) {
      this.#hits++
      return existing
    }
    const text = build(set, record)
    if (++this.#misses % fewRows === 0 && this.#hits < this.#misses) this.#isUsed = false
    if (this.#texts.size >= maxTexts) this.#texts.clear()
    this.#texts.set(key, text)
    return text
  }
}

const writers: Readonly<Record<ExtraType, Writer>> = {
  unsigned: ({ view }, at, length) => {
    if (length === 4) return String(view.getUint32(at))
    return length > 8 ? undefined : wholeText(highWord(view, at, length), lowWord(view, at, length) >>> 0)
  },
  signed({ view }, at, length) {
    if (length > 8) return undefined
    const bits = BigInt(highWord(view, at, length)) * 0x1_0000_0000n + BigInt(lowWord(view, at, length) >>> 0)
    return String(BigInt.asIntN(8 * length, bits))
  },
  float({ view }, at, length) {
    const value = float(view, at, length)
    return Number.isFinite(value) ? JSON.stringify(value) : undefined
  },
  string: ({ bytes }, at, length) => {
    const end = textEnd(bytes, at, length)
    return isPlain(bytes, at, end)
      ? `"${latin1.call(bytes, at, end)}"`
      : JSON.stringify(utf8.decode(bytes.subarray(at, end)))
  },
  hex: ({ bytes }, at, length) => `"${hex(bytes, at, length, '')}"`,
  mac: ({ bytes }, at, length) => (length === 6 ? `"${hex(bytes, at, length, ':')}"` : undefined),
  ip: ({ view, bytes }, at, length) => {
    if (length === 4) return `"${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}"`
    return length === 16 ? `"${ipText(view, at)}"` : undefined
  },
  // RFC 7011, section 6.1.5: 1 is true, 2 is false.
  bool: ({ view }, at, length) => (length === 1 ? String(view.getUint8(at) === 1) : undefined),
  ntp: ({ view }, at, length) =>
    length === 8 ? String(ntpTime(view.getUint32(at), view.getUint32(at + 4))) : undefined,
  auto(read, at, length) {
    if (length <= 8) return writers.unsigned(read, at, length)
    return writers[isPrintable(read.bytes, at, length) ? 'string' : 'hex'](read, at, length)
  },
}

const latin1 = Buffer.prototype.latin1Slice as (this: Uint8Array, from: number, to: number) => string

/** Without the zeros behind a text. */
function textEnd(bytes: Uint8Array, at: number, length: number) {
  let end = at + length
  while (end > at && bytes[end - 1] === 0) end--
  return end
}

/** ASCII that JSON does not escape. */
function isPlain(bytes: Uint8Array, at: number, end: number) {
  for (let i = at; i < end; i++) {
    const byte = bytes[i]!
    if (byte < 0x20 || byte > 0x7e || byte === 0x22 || byte === 0x5c) return false
  }
  return true
}

function isPrintable(bytes: Uint8Array, at: number, length: number) {
  const end = textEnd(bytes, at, length)
  for (let i = at; i < end; i++) if (bytes[i]! < 0x20 || bytes[i]! > 0x7e) return false
  return end > at
}

/** Exact up to 2^64. */
function wholeText(high: number, low: number) {
  return high < 0x200000 ? String(high * 0x1_0000_0000 + low) : String(BigInt(high) * 0x1_0000_0000n + BigInt(low))
}

const digits: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

function hex(bytes: Uint8Array, at: number, length: number, between: string) {
  let text = digits[bytes[at]!]!
  for (let i = at + 1; i < at + length; i++) text += between + digits[bytes[i]!]!
  return text
}

function ipText(view: DataView, at: number) {
  return formatIp(
    Uint32Array.of(view.getUint32(at), view.getUint32(at + 4), view.getUint32(at + 8), view.getUint32(at + 12)),
  )
}
