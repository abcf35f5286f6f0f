import type { FlowBuilder } from '../../model/flow-builder.ts'
import { formatIp, mappedPrefix } from '../../model/ip.ts'
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

/** One JSON object per row with any of the elements; allocates per row. */
export function extraStep(
  flows: FlowBuilder,
  elements: readonly Readonly<{ wanted: ExtraElement; place: FieldPlace }>[],
): Step {
  const column = flows.column('extra')
  return (set, row) => {
    for (let i = 0; i < set.count; i++) {
      const members: string[] = []
      for (const { wanted, place } of elements) {
        const at = startOf(set, place, i)
        const length = lengthOf(set, place, i)
        const value = jsonOf(set, wanted.type, at, length) ?? (wanted.lossless ? anyBytes(set, at, length) : undefined)
        if (value !== undefined) members.push(`${JSON.stringify(wanted.name)}:${value}`)
      }
      if (members.length === 0) continue
      column.items[row + i] = flows.code(`{${members.join(',')}}`)
      column.mark(row + i)
    }
  }
}

function jsonOf(
  { view, bytes }: Pick<DataSet, 'view' | 'bytes'>,
  type: ExtraType,
  at: number,
  length: number,
): string | undefined {
  if (length === 0) return undefined
  switch (type) {
    case 'unsigned':
      return length > 8 ? undefined : wholeText(highWord(view, at, length), lowWord(view, at, length) >>> 0)
    case 'signed': {
      if (length > 8) return undefined
      const bits = BigInt(highWord(view, at, length)) * 0x1_0000_0000n + BigInt(lowWord(view, at, length) >>> 0)
      return String(BigInt.asIntN(8 * length, bits))
    }
    case 'float': {
      const value = float(view, at, length)
      return Number.isFinite(value) ? JSON.stringify(value) : undefined
    }
    case 'string':
      return JSON.stringify(utf8.decode(bytes.subarray(at, at + length)).replace(/\0+$/, ''))
    case 'hex':
      return JSON.stringify(hex(bytes, at, length, ''))
    case 'mac':
      return length === 6 ? JSON.stringify(hex(bytes, at, length, ':')) : undefined
    case 'ip':
      return length === 4 || length === 16 ? JSON.stringify(ipText(view, at, length)) : undefined
    case 'bool':
      // RFC 7011, section 6.1.5: 1 is true, 2 is false.
      return length === 1 ? String(view.getUint8(at) === 1) : undefined
    case 'ntp':
      return length === 8 ? String(ntpTime(view.getUint32(at), view.getUint32(at + 4))) : undefined
    case 'auto':
      if (length <= 8) return jsonOf({ view, bytes }, 'unsigned', at, length)
      return jsonOf({ view, bytes }, isPrintable(bytes, at, length) ? 'string' : 'hex', at, length)
  }
}

function anyBytes({ bytes }: DataSet, at: number, length: number) {
  return length === 0 ? undefined : JSON.stringify(hex(bytes, at, length, ''))
}

function isPrintable(bytes: Uint8Array, at: number, length: number) {
  let end = at + length
  while (end > at && bytes[end - 1] === 0) end--
  for (let i = at; i < end; i++) if (bytes[i]! < 0x20 || bytes[i]! > 0x7e) return false
  return end > at
}

/** Exact up to 2^64. */
function wholeText(high: number, low: number) {
  return high < 0x200000 ? String(high * 0x1_0000_0000 + low) : String(BigInt(high) * 0x1_0000_0000n + BigInt(low))
}

function hex(bytes: Uint8Array, at: number, length: number, between: string) {
  return Array.from(bytes.subarray(at, at + length), (byte) => byte.toString(16).padStart(2, '0')).join(between)
}

function ipText(view: DataView, at: number, length: number) {
  if (length === 4) return formatIp(Uint32Array.of(0, 0, mappedPrefix, view.getUint32(at)))
  return formatIp(
    Uint32Array.of(view.getUint32(at), view.getUint32(at + 4), view.getUint32(at + 8), view.getUint32(at + 12)),
  )
}
