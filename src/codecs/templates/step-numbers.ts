import type { GrowingColumn } from '../../model/flow-builder.ts'
import type { DataSet, FieldPlace } from './data-set.ts'
import { highWord, lengthOf, lowWord, numberIn, startOf } from './read.ts'

/** Writes one field of every record of a set into rows `row` …, in a short monomorphic loop. */
export type Step = (set: DataSet, row: number) => void

/** What a zero means in a field. */
export type Zeros = 'values' | 'absent'

export function numberStep(column: GrowingColumn, position: FieldPlace, zeros: Zeros): Step {
  if (zeros === 'absent' || position.length === undefined || position.length > 8) return slowNumber(column, position)
  const { segment, offset, length } = position
  if (column.kind === 'u64') return wideStep(column as GrowingColumn<Uint32Array>, segment, offset, length)
  if (column.kind === 'u32') return narrow32(column as GrowingColumn<Uint32Array>, segment, offset, length)
  if (column.kind === 'u16') return narrow16(column as GrowingColumn<Uint16Array>, segment, offset, length)
  return narrow8(column as GrowingColumn<Uint8Array>, segment, offset, length)
}

// A shared function would be polymorphic and slow.

function narrow32(column: GrowingColumn<Uint32Array>, segment: number, offset: number, length: number): Step {
  return (set, row) => {
    const items = column.items,
      base = set.base[segment]!,
      { view, count } = set
    if (length === 4) for (let i = 0; i < count; i++) items[row + i] = view.getUint32(base[i]! + offset)
    else for (let i = 0; i < count; i++) items[row + i] = lowWord(view, base[i]! + offset, length)
    column.markRows(row, row + count)
  }
}

function narrow16(column: GrowingColumn<Uint16Array>, segment: number, offset: number, length: number): Step {
  return (set, row) => {
    const items = column.items,
      base = set.base[segment]!,
      { view, count } = set
    if (length === 2) for (let i = 0; i < count; i++) items[row + i] = view.getUint16(base[i]! + offset)
    else for (let i = 0; i < count; i++) items[row + i] = lowWord(view, base[i]! + offset, length)
    column.markRows(row, row + count)
  }
}

function narrow8(column: GrowingColumn<Uint8Array>, segment: number, offset: number, length: number): Step {
  return (set, row) => {
    const items = column.items,
      base = set.base[segment]!,
      { view, count } = set
    const last = offset + length - 1
    for (let i = 0; i < count; i++) items[row + i] = view.getUint8(base[i]! + last)
    column.markRows(row, row + count)
  }
}

function wideStep(column: GrowingColumn<Uint32Array>, segment: number, offset: number, length: number): Step {
  return (set, row) => {
    const items = column.items,
      base = set.base[segment]!,
      { view, count } = set
    if (length === 8) {
      for (let i = 0; i < count; i++) {
        const at = base[i]! + offset
        items[2 * (row + i)] = view.getUint32(at + 4)
        items[2 * (row + i) + 1] = view.getUint32(at)
      }
    } else if (length === 4) {
      for (let i = 0; i < count; i++) items[2 * (row + i)] = view.getUint32(base[i]! + offset)
    } else {
      for (let i = 0; i < count; i++) {
        const at = base[i]! + offset
        items[2 * (row + i)] = lowWord(view, at, length)
        items[2 * (row + i) + 1] = highWord(view, at, length)
      }
    }
    column.markRows(row, row + count)
  }
}

/** Reads elements of one meaning: the first value that is not 0. */
export function firstNumberStep(column: GrowingColumn, places: readonly FieldPlace[], zeros: Zeros): Step {
  const steps = [...places].reverse().map((position) => slowNumber(column, position))
  return (set, row) => {
    for (const step of steps) step(set, row)
    if (zeros === 'values') column.markRows(row, row + set.count)
  }
}

/** Reads numbers of variable length, and numbers in which zero means absent. */
function slowNumber(column: GrowingColumn, position: FieldPlace): Step {
  return (set, row) => {
    const { view, count } = set
    for (let i = 0; i < count; i++) {
      const at = startOf(set, position, i)
      const length = lengthOf(set, position, i)
      if (length === 0 || length > 8) continue
      const lowPart = lowWord(view, at, length)
      const highPart = highWord(view, at, length)
      if (lowPart === 0 && highPart === 0) continue
      const cell = (row + i) * column.width
      column.items[cell] = lowPart
      if (column.width === 2) column.items[cell + 1] = highPart
      column.mark(row + i)
    }
  }
}

const exceptionCode = 2
const forwarded = 64
const droppedStatus = 128

/** The exception code of Juniper, of 2 bytes: 10 bits behind the id of the property. */
export function exceptionStep(column: GrowingColumn<Uint32Array>, places: readonly FieldPlace[]): Step {
  return (set, row) => {
    for (let i = 0; i < set.count; i++) {
      for (const position of places) {
        const property = set.view.getUint16(startOf(set, position, i))
        if (property >> 10 !== exceptionCode) continue
        column.items[row + i] = (property & 0x3ff) === 0 ? forwarded : droppedStatus
        column.mark(row + i)
      }
    }
  }
}

/** Reads IE 61: 0 or 1; other values mean unknown. */
export function directionStep(column: GrowingColumn<Uint8Array>, position: FieldPlace): Step {
  const { segment, offset, length } = position
  const last = offset + (length ?? 0) - 1
  return (set, row) => {
    const items = column.items,
      { view, count } = set
    let status = 0
    if (length !== 1) status = 0xff
    else {
      const base = set.base[segment]!
      for (let i = 0; i < count; i++) status |= items[row + i] = view.getUint8(base[i]! + last)
    }
    if (status <= 1) column.markRows(row, row + count)
    else slowDirection(column, position, set, row)
  }
}

function slowDirection(column: GrowingColumn<Uint8Array>, position: FieldPlace, set: DataSet, row: number) {
  for (let i = 0; i < set.count; i++) {
    const direction = numberIn(set, position, i)
    column.items[row + i] = direction > 1 ? 0 : direction
    if (direction <= 1) column.mark(row + i)
  }
}

/** `shift`: 2, or 0 if the element is the code point. */
export function dscpStep(column: GrowingColumn<Uint8Array>, position: FieldPlace, shift: number): Step {
  return (set, row) => {
    const { view, count } = set
    for (let i = 0; i < count; i++) {
      const length = lengthOf(set, position, i)
      if (length === 0) continue
      column.items[row + i] = (view.getUint8(startOf(set, position, i) + length - 1) >> shift) & 0x3f
      column.mark(row + i)
    }
  }
}

/** Reads MAC elements of one meaning: the first value that is not 0. */
export function macStep(column: GrowingColumn<Uint32Array>, places: readonly FieldPlace[]): Step {
  if (places.length > 1) {
    return (set, row) => {
      for (let i = 0; i < set.count; i++) {
        for (const position of places) {
          const at = startOf(set, position, i)
          const [low, high] = [set.view.getUint32(at + 2), set.view.getUint16(at)]
          column.items[2 * (row + i)] = low
          column.items[2 * (row + i) + 1] = high
          if (low !== 0 || high !== 0) break
        }
      }
      column.markRows(row, row + set.count)
    }
  }
  const { segment, offset } = places[0]!
  return (set, row) => {
    const items = column.items,
      base = set.base[segment]!,
      { view, count } = set
    for (let i = 0; i < count; i++) {
      const at = base[i]! + offset
      items[2 * (row + i)] = view.getUint32(at + 2)
      items[2 * (row + i) + 1] = view.getUint16(at)
    }
    column.markRows(row, row + count)
  }
}
