/** Edges of some nodes while they are added up, whatever tells of them. */
import { compareBytes } from '../../model/text-order.ts'
import { none, type Refs } from './refs.ts'

/** Words of severity, the worst last. */
export const severities = ['unknown', 'normal', 'warning', 'incident'] as const

/** What is known of one edge. Times in µs; null: it still holds. */
export interface Sum {
  readonly far: number
  count: number
  first: number
  last: number | null
  /** Place among the words; undefined: nothing of the kind has one. */
  level: number | undefined
  bytes: number | undefined
  nearName: number
  farName: number
}

export interface Added {
  readonly count: number
  readonly first: number
  readonly last: number | null
  readonly level?: number | undefined
  readonly bytes?: number | undefined
}

export interface FarAsked {
  readonly far?: readonly string[] | undefined
  readonly without?: readonly string[] | undefined
}

export class EdgeSums {
  readonly #relations = new Map<string, RelationSums>()
  readonly #refs: Refs
  /** Texts that no part in memory holds: below zero. */
  readonly #others: string[] = []
  readonly #codes = new Map<string, number>()
  readonly #only: ReadonlySet<number> | undefined
  readonly #without: ReadonlySet<number>

  /** Lives as long as nothing comes into the memory or leaves it: for one piece of work. */
  constructor(refs: Refs, { far, without = [] }: FarAsked) {
    this.#refs = refs
    this.#only = far === undefined ? undefined : new Set(far.map((ref) => this.code(ref)))
    this.#without = new Set(without.map((ref) => this.code(ref)))
  }

  code(text: string): number {
    const known = this.#refs.find(text) ?? this.#codes.get(text)
    if (known !== undefined) return known
    const code = -this.#others.push(text)
    this.#codes.set(text, code)
    return code
  }

  /** By {@link code}; a null has the number of what is no text. */
  codeOf(text: string | null): number {
    return text === null ? none : this.code(text)
  }

  text(code: number): string | null {
    return code < 0 ? (this.#others[-code - 1] ?? null) : this.#refs.text(code)
  }

  /** Edges of a relation, as seen from its one end or the other. */
  of(relation: string, forward: boolean): RelationSums {
    const key = `${relation} ${forward}`
    const known = this.#relations.get(key)
    if (known !== undefined) return known
    const sums = new RelationSums(relation, forward, { only: this.#only, without: this.#without, later: (a, b) => this.#later(a, b) })
    this.#relations.set(key, sums)
    return sums
  }

  /** Of two names the one that comes later, so that it is the same in whatever order they are told. */
  #later(one: number, other: number): number {
    if (one === none || other === none) return one === none ? other : one
    return compareBytes(this.text(one) ?? '', this.text(other) ?? '') < 0 ? other : one
  }

  get relations(): Iterable<RelationSums> {
    return this.#relations.values()
  }
}

interface Ends {
  readonly only: ReadonlySet<number> | undefined
  readonly without: ReadonlySet<number>
  readonly later: (one: number, other: number) => number
}

export class RelationSums {
  readonly relation: string
  readonly forward: boolean
  /** By near end, by far end. */
  readonly edges = new Map<number, Map<number, Sum>>()
  readonly #ends: Ends

  constructor(relation: string, forward: boolean, ends: Ends) {
    this.relation = relation
    this.forward = forward
    this.#ends = ends
  }

  add(near: number, far: number, { count, first, last, level, bytes }: Added, nearName: number = none, farName: number = none): void {
    if (far === none || far === near || this.#ends.without.has(far) || this.#ends.only?.has(far) === false) return
    let edges = this.edges.get(near)
    if (edges === undefined) this.edges.set(near, (edges = new Map()))
    const sum = edges.get(far)
    if (sum === undefined) {
      edges.set(far, { far, count, first, last, level, bytes, nearName, farName })
      return
    }
    sum.count += count
    if (first < sum.first) sum.first = first
    if (sum.last !== null) sum.last = last === null ? null : Math.max(sum.last, last)
    if (level !== undefined && level > (sum.level ?? -1)) sum.level = level
    if (bytes !== undefined) sum.bytes = (sum.bytes ?? 0) + bytes
    if (nearName !== sum.nearName) sum.nearName = this.#ends.later(sum.nearName, nearName)
    if (farName !== sum.farName) sum.farName = this.#ends.later(sum.farName, farName)
  }
}
