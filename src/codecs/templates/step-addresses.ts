import type { GrowingColumn } from '../../model/flow-builder.ts'
import { mappedPrefix } from '../../model/ip.ts'
import type { DataSet, FieldPlace } from './data-set.ts'
import type { Step } from './step-numbers.ts'

const ipv4 = 2048
const ipv6 = 34525

export function addressStep(column: GrowingColumn<Uint32Array>, place: FieldPlace, zeroIsAbsent: boolean): Step {
  const write = place.length === 4 ? writeV4 : writeV6
  if (!zeroIsAbsent) {
    return (set, row) => {
      write(column.items, set, place, row)
      column.markRows(row, row + set.count)
    }
  }
  return (set, row) => {
    const { view, count } = set
    const base = set.base[place.segment]!
    for (let i = 0; i < count; i++) {
      const at = base[i]! + place.offset
      if (isZero(view, at, place.length ?? 0)) continue
      writeOne(column.items, row + i, view, at, place.length === 4)
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

/** The ethertype, and both addresses. With both families the version decides, else the non-zero address. */
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
  const usual = hasV4 ? ipv4 : hasV6 ? ipv6 : 0
  const { etherType, ipVersion } = hints
  const mixed = (hasV4 && hasV6) || etherType !== undefined
  if (!mixed) {
    const steps: Step[] = []
    if (usual !== 0) steps.push((set, row) => columns.etype.fill(usual, row, row + set.count))
    else if (ipVersion !== undefined) steps.push(familyStep(columns.etype, src, dst, hints))
    for (const [column, family] of [
      [columns.src, src],
      [columns.dst, dst],
    ] as const) {
      const place = family.v4 ?? family.v6
      if (place !== undefined) steps.push(addressStep(column, place, false))
    }
    return steps
  }
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
  return (set, row) => {
    const { view, count } = set
    for (let i = 0; i < count; i++) {
      const given = etherType === undefined ? 0 : view.getUint16(placeAt(set, etherType, i))
      const version = ipVersion === undefined ? 0 : view.getUint8(placeAt(set, ipVersion, i))
      const type = given !== 0 ? given : version === 4 ? ipv4 : version === 6 ? ipv6 : guess(set, src, dst, i)
      if (type === 0) continue
      etype.items[row + i] = type
      etype.mark(row + i)
    }
  }
}

function guess(set: DataSet, src: Family, dst: Family, record: number): number {
  for (const { v4 } of [src, dst]) if (v4 !== undefined && !isZero(set.view, placeAt(set, v4, record), 4)) return ipv4
  for (const { v6 } of [src, dst]) if (v6 !== undefined && !isZero(set.view, placeAt(set, v6, record), 16)) return ipv6
  return src.v4 !== undefined || dst.v4 !== undefined ? ipv4 : src.v6 !== undefined || dst.v6 !== undefined ? ipv6 : 0
}

function chosenStep(etype: GrowingColumn<Uint16Array>, column: GrowingColumn<Uint32Array>, { v4, v6 }: Family): Step {
  return (set, row) => {
    for (let i = 0; i < set.count; i++) {
      const type = etype.items[row + i]
      const place = type === ipv4 ? v4 : type === ipv6 ? v6 : undefined
      if (place === undefined) continue
      writeOne(column.items, row + i, set.view, placeAt(set, place, i), type === ipv4)
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

function writeOne(items: Uint32Array, row: number, view: DataView, at: number, isV4: boolean) {
  items[4 * row] = isV4 ? 0 : view.getUint32(at)
  items[4 * row + 1] = isV4 ? 0 : view.getUint32(at + 4)
  items[4 * row + 2] = isV4 ? mappedPrefix : view.getUint32(at + 8)
  items[4 * row + 3] = view.getUint32(isV4 ? at : at + 12)
}

function isZero(view: DataView, at: number, length: number) {
  for (let i = 0; i < length; i += 4) if (view.getUint32(at + i) !== 0) return false
  return true
}
