import type { GrowingColumn } from '../../model/flow-builder.ts'
import { mappedPrefix } from '../../model/ip.ts'
import { isZero } from '../../model/zero.ts'
import type { DataSet, FieldPlace } from './data-set.ts'
import { numberIn } from './read.ts'
import type { Step, Zeros } from './step-numbers.ts'

const ipv4 = 2048
const ipv6 = 34525

export function addressStep(column: GrowingColumn<Uint32Array>, position: FieldPlace, zeros: Zeros): Step {
  const write = position.length === 4 ? writeV4 : writeV6
  if (zeros === 'values') {
    return (set, row) => {
      write(column.items, set, position, row)
      column.markRows(row, row + set.count)
    }
  }
  return (set, row) => {
    const { view, bytes, count } = set
    const base = set.base[position.segment]!
    for (let i = 0; i < count; i++) {
      const at = base[i]! + position.offset
      if (isZero(bytes, at, at + (position.length ?? 0))) continue
      writeOne(column.items, row + i, view, at, position.length)
      column.mark(row + i)
    }
  }
}

/** Several elements of one meaning: those of the row's family first; one that is 0 lets the next one count. */
export function familyAddressStep(
  etype: GrowingColumn<Uint16Array>,
  column: GrowingColumn<Uint32Array>,
  places: readonly FieldPlace[],
  zeros: Zeros,
): Step {
  const v4 = [...places].sort((a, b) => (a.length ?? 0) - (b.length ?? 0))
  const v6 = [...places].sort((a, b) => (b.length ?? 0) - (a.length ?? 0))
  return (set, row) => {
    const { view, count } = set
    for (let i = 0; i < count; i++) {
      const ordered = etype.items[row + i] === ipv6 ? v6 : v4
      const position =
        ordered.find((candidate) => isSet(set, candidate, i)) ?? (zeros === 'absent' ? undefined : ordered[0])
      if (position === undefined) continue
      writeOne(column.items, row + i, view, placeAt(set, position, i), position.length)
      column.mark(row + i)
    }
  }
}

/** Elements of both families: a length of 0 is a value. */
export function familyMaskStep(
  etype: GrowingColumn<Uint16Array>,
  column: GrowingColumn<Uint8Array>,
  v4: FieldPlace,
  v6: FieldPlace,
): Step {
  return (set, row) => {
    for (let i = 0; i < set.count; i++) {
      column.items[row + i] = numberIn(set, etype.items[row + i] === ipv6 ? v6 : v4, i) & 0xff
      column.mark(row + i)
    }
  }
}

type Family = Readonly<{
  v4: FieldPlace | undefined
  v6: FieldPlace | undefined
}>

type FamilyHints = Readonly<{
  ipVersion: FieldPlace | undefined
  etherType: FieldPlace | undefined
}>

/**
 * The ethertype, and both addresses, of the family of the address elements. With both families, the version (IE 60)
 * decides, else the addresses that are not 0, else the ethertype (IE 256), which may be that of MPLS or a VLAN.
 */
export function endpointSteps(
  columns: Readonly<{
    etype: GrowingColumn<Uint16Array>
    src: GrowingColumn<Uint32Array>
    dst: GrowingColumn<Uint32Array>
  }>,
  src: Family,
  dst: Family,
  hints: FamilyHints,
): readonly Step[] {
  const hasV4 = src.v4 !== undefined || dst.v4 !== undefined
  const hasV6 = src.v6 !== undefined || dst.v6 !== undefined
  const { etherType, ipVersion } = hints
  if (hasV4 !== hasV6 && etherType === undefined) {
    const usual = hasV4 ? ipv4 : ipv6
    const steps: Step[] = [(set, row) => columns.etype.fill(usual, row, row + set.count)]
    for (const [column, family] of [
      [columns.src, src],
      [columns.dst, dst],
    ] as const) {
      const position = family.v4 ?? family.v6
      if (position !== undefined) steps.push(addressStep(column, position, 'values'))
    }
    return steps
  }
  if (!hasV4 && !hasV6)
    return etherType === undefined && ipVersion === undefined ? [] : [familyStep(columns.etype, src, dst, hints)]
  return [
    familyStep(columns.etype, src, dst, hints),
    chosenStep(columns.etype, columns.src, src),
    chosenStep(columns.etype, columns.dst, dst),
  ]
}

function familyStep(
  etype: GrowingColumn<Uint16Array>,
  src: Family,
  dst: Family,
  { etherType, ipVersion }: FamilyHints,
): Step {
  const places4 = [src.v4, dst.v4].filter((position) => position !== undefined)
  const places6 = [src.v6, dst.v6].filter((position) => position !== undefined)
  const only = places4.length > 0 && places6.length > 0 ? 0 : places4.length > 0 ? ipv4 : places6.length > 0 ? ipv6 : 0
  const guess = only !== 0 ? only : places4.length > 0 ? ipv4 : 0
  return (set, row) => {
    const { view, count } = set
    for (let i = 0; i < count; i++) {
      const version = only !== 0 || ipVersion === undefined ? 0 : view.getUint8(placeAt(set, ipVersion, i))
      let type = version === 4 ? ipv4 : version === 6 ? ipv6 : 0
      if (type === 0) {
        if (isAnySet(set, places4, i)) type = ipv4
        else if (isAnySet(set, places6, i)) type = ipv6
        else type = (etherType === undefined ? 0 : view.getUint16(placeAt(set, etherType, i))) || guess
        if (only !== 0 && (type === ipv4 || type === ipv6)) type = only
      }
      if (type === 0 || (guess === 0 && etype.items[row + i] !== 0)) continue
      etype.items[row + i] = type
      etype.mark(row + i)
    }
  }
}

function isAnySet(set: DataSet, places: readonly FieldPlace[], record: number) {
  for (const position of places) if (isSet(set, position, record)) return true
  return false
}

function isSet(set: DataSet, position: FieldPlace, record: number) {
  const at = placeAt(set, position, record)
  return !isZero(set.bytes, at, at + (position.length ?? 0))
}

function chosenStep(etype: GrowingColumn<Uint16Array>, column: GrowingColumn<Uint32Array>, { v4, v6 }: Family): Step {
  return (set, row) => {
    for (let i = 0; i < set.count; i++) {
      const type = etype.items[row + i]
      const position = type === ipv4 ? v4 : type === ipv6 ? v6 : undefined
      if (position === undefined) continue
      writeOne(column.items, row + i, set.view, placeAt(set, position, i), type === ipv4 ? 4 : 16)
      column.mark(row + i)
    }
  }
}

function placeAt(set: DataSet, { segment, offset }: FieldPlace, record: number) {
  return set.base[segment]![record]! + offset
}

function writeV4(items: Uint32Array, set: DataSet, { segment, offset }: FieldPlace, row: number) {
  const { view, count } = set
  const base = set.base[segment]!
  for (let i = 0; i < count; i++) {
    const ip = 4 * (row + i)
    items[ip + 2] = mappedPrefix
    items[ip + 3] = view.getUint32(base[i]! + offset)
  }
}

function writeV6(items: Uint32Array, set: DataSet, { segment, offset }: FieldPlace, row: number) {
  const { view, count } = set
  const base = set.base[segment]!
  for (let i = 0; i < count; i++) {
    const ip = 4 * (row + i)
    const at = base[i]! + offset
    items[ip] = view.getUint32(at)
    items[ip + 1] = view.getUint32(at + 4)
    items[ip + 2] = view.getUint32(at + 8)
    items[ip + 3] = view.getUint32(at + 12)
  }
}

/** @param length in bytes. */
function writeOne(items: Uint32Array, row: number, view: DataView, at: number, length: number | undefined) {
  const isV4 = length === 4
  items[4 * row] = isV4 ? 0 : view.getUint32(at)
  items[4 * row + 1] = isV4 ? 0 : view.getUint32(at + 4)
  items[4 * row + 2] = isV4 ? mappedPrefix : view.getUint32(at + 8)
  items[4 * row + 3] = view.getUint32(isV4 ? at : at + 12)
}
