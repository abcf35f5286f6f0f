import { compareBytes } from '../../model/text-order.ts'
import { none, type Refs } from './refs.ts'

export const severities = ['unknown', 'normal', 'warning', 'incident'] as const

/** Placeholders: no severity, no bytes, a relation that still holds. */
export const [noLevel, noBytes, stillHolds] = [-1, -1, -Infinity]

/** A sum that a store computed; times in µs. */
export type EdgeRow = Readonly<{
  near: string
  far: string
  relation: string
  forward: boolean
  count: number | string
  first: number | string
  last: number | string | null
  level: number | null
  bytes: number | string | null
  near_name: string | null
  far_name: string | null
}>

export class EdgeSums {
  readonly #relations = new Map<string, RelationSums>()
  readonly #refs: Refs
  /** Texts outside the cache have negative numbers. */
  readonly #others: string[] = []
  readonly #codes = new Map<string, number>()

  /** Synchronous: the cache must not change. */
  constructor(refs: Refs) {
    this.#refs = refs
  }

  code(text: string): number {
    const existing = this.#refs.find(text) ?? this.#codes.get(text)
    if (existing !== undefined) return existing
    const code = -this.#others.push(text)
    this.#codes.set(text, code)
    return code
  }

  codeOf(text: string | null): number {
    return text === null ? none : this.code(text)
  }

  text(code: number): string | null {
    return code < 0 ? (this.#others[-code - 1] ?? null) : this.#refs.text(code)
  }

  of({ relation, forward }: Pick<EdgeRow, 'relation' | 'forward'>): RelationSums {
    const key = `${relation} ${forward}`
    const relationSums = this.#relations.get(key)
    if (relationSums !== undefined) return relationSums
    const later = (codeA: number, codeB: number) => {
      if (codeA === none || codeB === none) return codeA === none ? codeB : codeA
      return compareBytes(this.text(codeA) ?? '', this.text(codeB) ?? '') < 0 ? codeB : codeA
    }
    const sums = new RelationSums({ relation, forward }, later)
    this.#relations.set(key, sums)
    return sums
  }

  addRow(row: EdgeRow): void {
    const sums = this.of(row)
    const edge = sums.edge(this.code(row.near), this.code(row.far))
    sums.add(edge, Number(row.count), Number(row.first), row.last === null ? stillHolds : Number(row.last))
    if (row.level !== null) sums.addLevel(edge, row.level)
    if (row.bytes !== null) sums.addBytes(edge, Number(row.bytes))
    sums.addNames(edge, this.codeOf(row.near_name), this.codeOf(row.far_name))
  }

  get relations(): Iterable<RelationSums> {
    return this.#relations.values()
  }
}

const fewest = 256

export class RelationSums {
  readonly relation: string
  readonly forward: boolean
  readonly #later: (one: number, other: number) => number
  size = 0
  near = new Int32Array(fewest)
  far = new Int32Array(fewest)
  count = new Float64Array(fewest)
  first = new Float64Array(fewest)
  last = new Float64Array(fewest)
  level = new Int8Array(fewest)
  bytes = new Float64Array(fewest)
  nearName = new Int32Array(fewest)
  farName = new Int32Array(fewest)
  #table = new Int32Array(4 * fewest)

  constructor(
    { relation, forward }: Pick<EdgeRow, 'relation' | 'forward'>,
    later: (one: number, other: number) => number,
  ) {
    this.relation = relation
    this.forward = forward
    this.#later = later
  }

  /** The index of the edge; at first it has no sum. */
  edge(near: number, far: number): number {
    const existing = this.#table[this.#slot(near, far)]! - 1
    if (existing >= 0) return existing
    if (this.size === this.near.length) this.#grow()
    const at = this.size++
    this.#table[this.#slot(near, far)] = at + 1
    this.near[at] = near
    this.far[at] = far
    this.first[at] = Infinity
    this.last[at] = stillHolds
    this.level[at] = noLevel
    this.bytes[at] = noBytes
    this.nearName[at] = none
    this.farName[at] = none
    return at
  }

  add(edge: number, count: number, first: number, last: number): void {
    this.count[edge] = this.count[edge]! + count
    if (first < this.first[edge]!) this.first[edge] = first
    if (last > this.last[edge]!) this.last[edge] = last
  }

  addLevel(edge: number, level: number): void {
    if (level > this.level[edge]!) this.level[edge] = level
  }

  addBytes(edge: number, bytes: number): void {
    this.bytes[edge] = Math.max(0, this.bytes[edge]!) + bytes
  }

  addNames(edge: number, nearName: number, farName: number): void {
    if (nearName !== this.nearName[edge]) this.nearName[edge] = this.#later(this.nearName[edge]!, nearName)
    if (farName !== this.farName[edge]) this.farName[edge] = this.#later(this.farName[edge]!, farName)
  }

  #slot(near: number, far: number): number {
    const mask = this.#table.length - 1
    const mixed = Math.imul(Math.imul(near, 0x9e3779b1) ^ far, 0x85ebca6b)
    let slot = (mixed ^ (mixed >>> 15)) & mask
    for (;;) {
      const at = this.#table[slot]! - 1
      if (at < 0 || (this.near[at] === near && this.far[at] === far)) return slot
      slot = (slot + 1) & mask
    }
  }

  #grow() {
    const ints = (of: Int32Array) => grown(new Int32Array(2 * of.length), of)
    const doubles = (of: Float64Array) => grown(new Float64Array(2 * of.length), of)
    ;[this.near, this.far, this.nearName, this.farName] = [
      ints(this.near),
      ints(this.far),
      ints(this.nearName),
      ints(this.farName),
    ]
    ;[this.count, this.first, this.last, this.bytes] = [
      doubles(this.count),
      doubles(this.first),
      doubles(this.last),
      doubles(this.bytes),
    ]
    this.level = grown(new Int8Array(2 * this.level.length), this.level)
    this.#table = new Int32Array(4 * this.near.length)
    for (let at = 0; at < this.size; at++) this.#table[this.#slot(this.near[at]!, this.far[at]!)] = at + 1
  }
}

function grown<Values extends { set(of: ArrayLike<number>): void }>(to: Values, of: ArrayLike<number>): Values {
  to.set(of)
  return to
}
