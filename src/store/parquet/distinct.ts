/** Distinct values of a column, found in one pass, as long as they are few. */
export interface Distinct {
  readonly least: number
  readonly most: number
  /** Undefined when there are too many. Valid until the next call. */
  readonly entries: Uint32Array | undefined
  readonly indexes: Uint32Array
}

/** More than these are better written as they are. */
const mostEntries = 1 << 14
const slotCount = 1 << 16

const slots = new Uint32Array(slotCount)
const generationOf = new Uint32Array(slotCount)
let generation = 0
const entries = new Uint32Array(mostEntries)
let indexes = new Uint32Array(1 << 12)

/** Looks at the first `count` of the values. */
export function dictionaryOf(values: Uint32Array, count: number): Distinct {
  const first = count === 0 ? 0 : (values[0] as number)
  let least = first
  let most = first
  let same = 1
  while (same < count && values[same] === first) same++
  for (let i = same; i < count; i++) {
    const value = values[i] as number
    if (value < least) least = value
    if (value > most) most = value
  }
  if (indexes.length < count) indexes = new Uint32Array(Math.max(count, 2 * indexes.length))
  if (least === most || count === 0) {
    entries[0] = least
    indexes.fill(0, 0, count)
    return { least, most, entries: entries.subarray(0, 1), indexes }
  }
  return { least, most, entries: find(values, count), indexes }
}

function find(values: Uint32Array, count: number): Uint32Array | undefined {
  const limit = Math.min(mostEntries, Math.max(256, count >> 3))
  generation++
  let found = 0
  let before = values[0] as number
  let index = 0
  let first = true
  for (let i = 0; i < count; i++) {
    const value = values[i] as number
    if (value === before && !first) {
      indexes[i] = index
      continue
    }
    first = false
    before = value
    let slot = (Math.imul(value, 0x9e3779b1) >>> 16) & (slotCount - 1)
    for (;;) {
      if (generationOf[slot] !== generation) {
        if (found === limit) return undefined
        generationOf[slot] = generation
        slots[slot] = found
        entries[found] = value
        index = found++
        break
      }
      index = slots[slot] as number
      if (entries[index] === value) break
      slot = (slot + 1) & (slotCount - 1)
    }
    indexes[i] = index
  }
  return entries.subarray(0, found)
}
