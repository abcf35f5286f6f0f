import type { DataSet, FieldPlace } from './data-set.ts'

export function startOf(set: DataSet, position: FieldPlace, record: number): number {
  const from = position.length === undefined ? set.contents[position.segment] : set.base[position.segment]
  return from![record]! + position.offset
}

export function lengthOf(set: DataSet, position: FieldPlace, record: number): number {
  return position.length ?? set.lengths[position.segment]![record]!
}

/** Last four bytes of a big-endian number, or fewer. */
export function lowWord(view: DataView, at: number, length: number): number {
  if (length === 4) return view.getUint32(at)
  if (length === 2) return view.getUint16(at)
  if (length === 1) return view.getUint8(at)
  if (length > 4) return view.getUint32(at + length - 4)
  return length === 3 ? (view.getUint16(at) << 8) | view.getUint8(at + 2) : 0
}

export function highWord(view: DataView, at: number, length: number): number {
  return length <= 4 ? 0 : length >= 8 ? view.getUint32(at + length - 8) : lowWord(view, at, length - 4)
}

/** 1 to 8 bytes; exact up to 2^53. */
function unsigned(view: DataView, at: number, length: number) {
  return highWord(view, at, length) * 0x1_0000_0000 + lowWord(view, at, length)
}

export function numberIn(set: DataSet, position: FieldPlace, record: number): number {
  return unsigned(set.view, startOf(set, position, record), lengthOf(set, position, record))
}

export function float(view: DataView, at: number, length: number): number {
  return length === 8 ? view.getFloat64(at) : length === 4 ? view.getFloat32(at) : Number.NaN
}

const ntpToUnix = 2_208_988_800

/** RFC 5905, section 6; rounded up, because exporters truncate fractions. */
export function ntpTime(seconds: number, fraction: number): number {
  const unix = seconds >= ntpToUnix ? seconds - ntpToUnix : seconds + 0x1_0000_0000 - ntpToUnix
  return unix * 1000 + Math.floor((fraction / 0x1_0000_0000) * 1000 + 0.001)
}
