import { integers, orderedTexts, plain, texts, type Chunk } from '../../codecs/parquet/column.ts'
import { parquetFile } from '../../codecs/parquet/file.ts'
import { Presence } from '../../codecs/parquet/levels.ts'
import { endpointParts, type Endpoint } from '../../model/endpoint.ts'
import { formatIp } from '../../model/ip.ts'
import { unknownColumn } from '../schema.ts'
import { addressOrder } from './address-order.ts'
import { putAddress } from './address-text.ts'
import { endpointsIn, type EndpointRange } from './endpoint-names.ts'

/** An address lookup reads few of the sorted rows. */
export const endpointGroupRows = 2048

const nothing: Endpoint = {}

export function endpointFile(
  ranges: readonly EndpointRange[],
  metadata: Readonly<Record<string, string>>,
): Readonly<{ pieces: readonly Uint8Array[]; rows: number; columns: readonly string[] }> {
  const all = new Rows(ranges)
  const { parts, hasUnknown } = all
  const groups = Array.from({ length: Math.max(1, Math.ceil(all.count / endpointGroupRows)) }, (_, group) => {
    const rows = all.order.subarray(group * endpointGroupRows, (group + 1) * endpointGroupRows)
    return {
      rows: rows.length,
      chunks: [
        all.ids(rows),
        all.addresses(rows),
        ...parts.map((part) => all.texts(part, rows, (row) => all.meaning(row)[part])),
        ...(hasUnknown ? [all.texts(unknownColumn, rows, (row) => all.unknownAt(row)?.toString())] : []),
      ],
    }
  })
  return {
    pieces: parquetFile(groups[0]?.chunks ?? [], groups, metadata),
    rows: all.count,
    columns: ['ep', ...parts, ...(hasUnknown ? [unknownColumn] : [])],
  }
}

class Rows {
  readonly count: number
  readonly order: Uint32Array
  /** Queries need not join absent columns. */
  readonly parts: readonly (keyof Endpoint)[]
  readonly hasUnknown: boolean
  readonly #ranges: readonly (EndpointRange & { readonly first: number })[]
  readonly #words: Uint32Array
  readonly #ids: Float64Array

  constructor(ranges: readonly EndpointRange[]) {
    this.count = endpointsIn(ranges)
    this.#words = new Uint32Array(4 * this.count)
    this.#ids = new Float64Array(this.count)
    let first = 0
    this.#ranges = ranges.map((range) => {
      const { names, from, to } = range
      const placed = { ...range, first }
      this.#words.set(names.addresses(from, to), 4 * first)
      for (let index = from; index < to; index++) this.#ids[first++] = names.base + index
      return placed
    })
    this.order = addressOrder(this.#words, this.count)
    this.parts = this.#usedParts()
    this.hasUnknown = ranges.some(
      ({ names, from, to }) => names.hasUnknown && someIndex(from, to, (index) => names.unknownAt(index) !== undefined),
    )
  }

  #usedParts(): readonly (keyof Endpoint)[] {
    const missing = new Set(endpointParts)
    for (const { names, from, to } of this.#ranges) {
      if (!names.hasMeanings) continue
      for (let index = from; index < to && missing.size > 0; index++) {
        const meaning = names.meaning(index)
        if (meaning === undefined) continue
        for (const part of missing) if (meaning[part] !== undefined) missing.delete(part)
      }
    }
    return endpointParts.filter((part) => !missing.has(part))
  }

  #rangeOf(row: number) {
    return this.#ranges.findLast(({ first }) => first <= row)!
  }

  meaning(row: number): Endpoint {
    const { names, from, first } = this.#rangeOf(row)
    return names.meaning(from + row - first) ?? nothing
  }

  unknownAt(row: number): number | undefined {
    const { names, from, first } = this.#rangeOf(row)
    return names.unknownAt(from + row - first)
  }

  ids(rows: Uint32Array): Chunk {
    const presence = allPresent(rows.length)
    let [base, last] = [Infinity, 0]
    for (const row of rows) {
      base = Math.min(base, this.#ids[row]!)
      last = Math.max(last, this.#ids[row]!)
    }
    const column = { name: 'ep', type: 'i64' } as const
    if (last - base >= 2 ** 31) {
      const far = BigInt64Array.from(rows, (row) => BigInt(this.#ids[row]!))
      return plain(column, new Uint8Array(far.buffer), presence)
    }
    const above = new Uint32Array(rows.length)
    for (let at = 0; at < rows.length; at++) above[at] = this.#ids[rows[at]!]! - base
    return integers(column, above, rows.length, base, presence)
  }

  /** Equal addresses are neighbors. */
  addresses(rows: Uint32Array): Chunk {
    const words = this.#words
    const entries = new Uint32Array(rows.length)
    const indexes = new Uint32Array(rows.length)
    let [count, before] = [0, -1]
    for (let at = 0; at < rows.length; at++) {
      const offset = 4 * rows[at]!
      if (before < 0 || !isSame(words, before, offset)) entries[count++] = offset
      indexes[at] = count - 1
      before = offset
    }
    return orderedTexts({ name: 'addr', type: 'text' }, allPresent(rows.length), indexes, {
      count,
      put: (entry, out) => putAddress(words, entries[entry]!, out),
      text: (entry) => formatIp(words, entries[entry]!),
    })
  }

  texts(name: string, rows: Uint32Array, of: (row: number) => string | undefined): Chunk {
    const presence = new Presence()
    const entries = new Map<string, number>()
    const indexes = new Uint32Array(rows.length)
    let at = 0
    for (const row of rows) {
      const text = of(row)
      presence.add(text === undefined ? 0 : 1)
      if (text === undefined) continue
      let index = entries.get(text)
      if (index === undefined) entries.set(text, (index = entries.size))
      indexes[at++] = index
    }
    return texts({ name, type: 'text' }, [...entries.keys()], indexes, at, presence)
  }
}

function allPresent(rows: number): Presence {
  const presence = new Presence()
  presence.addPresent(rows)
  return presence
}

function someIndex(from: number, to: number, is: (index: number) => boolean): boolean {
  for (let index = from; index < to; index++) if (is(index)) return true
  return false
}

function isSame(words: Uint32Array, a: number, b: number): boolean {
  return (
    words[a + 3] === words[b + 3] &&
    words[a + 2] === words[b + 2] &&
    words[a + 1] === words[b + 1] &&
    words[a] === words[b]
  )
}
