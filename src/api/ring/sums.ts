import type { FlowBatch } from '../../model/batches.ts'
import { integerCell } from '../../model/integer-cell.ts'
import {
  isFurther,
  statisticsOf,
  type FurtherMeasure,
  type Measure,
  type Statistics,
  type StatValue,
} from '../../query/plan/index.ts'
import { present } from './scan.ts'

const twoTo32 = 4_294_967_296
const largestExact = Number.MAX_SAFE_INTEGER

class ExactSums {
  /** NaN: empty. Inexact sums are in `#large`. */
  #small: Float64Array
  readonly #large = new Map<number, bigint>()

  constructor(room: number) {
    this.#small = new Float64Array(room).fill(Number.NaN)
  }

  grow(room: number): void {
    const larger = new Float64Array(room).fill(Number.NaN)
    larger.set(this.#small)
    this.#small = larger
  }

  add(id: number, value: number | bigint): void {
    const before = this.#small[id]!
    const small = before === before ? before : 0
    if (typeof value === 'number') {
      const sum = small + value
      if (sum <= largestExact) {
        this.#small[id] = sum
        return
      }
    }
    this.#large.set(id, (this.#large.get(id) ?? 0n) + BigInt(small) + BigInt(value))
    this.#small[id] = 0
  }

  addFrom(id: number, range: ExactSums, from: number): void {
    const small = range.#small[from]!
    if (small !== small) return
    this.add(id, small)
    const large = range.#large.get(from)
    if (large !== undefined) this.add(id, large)
  }

  #exact(id: number): bigint {
    const small = this.#small[id]!
    return (this.#large.get(id) ?? 0n) + BigInt(small === small ? small : 0)
  }

  cell(id: number): number | string | null {
    const small = this.#small[id]!
    return small !== small ? null : this.#large.has(id) ? integerCell(this.#exact(id)) : small
  }

  /** An empty sum is below every other. */
  compare(a: number, b: number): number {
    const [left, right] = [this.#small[a]!, this.#small[b]!]
    if (left !== left || right !== right) return Number(left === left) - Number(right === right)
    if (this.#large.size === 0) return left - right
    const [exactLeft, exactRight] = [this.#exact(a), this.#exact(b)]
    return exactLeft < exactRight ? -1 : exactLeft > exactRight ? 1 : 0
  }
}

export class SumTable {
  #room = 1024
  readonly bytes = new ExactSums(this.#room)
  readonly packets = new ExactSums(this.#room)
  readonly #further: ReadonlyMap<FurtherMeasure, ExactSums>
  #flows = new Float64Array(this.#room)
  readonly #values: StatValue[][] | undefined
  /** One more than the highest number of a group. */
  size = 0

  constructor({
    withValues = false,
    further = [],
  }: Readonly<{ withValues?: boolean; further?: readonly FurtherMeasure[] | undefined }> = {}) {
    this.#values = withValues ? [] : undefined
    this.#further = new Map(further.map((name) => [name, new ExactSums(this.#room)]))
  }

  further(name: FurtherMeasure): ExactSums {
    const sums = this.#further.get(name)
    if (sums === undefined) throw new Error(`${name} is not summed here`)
    return sums
  }

  compare(by: Exclude<Measure, 'flows'>, a: number, b: number): number {
    return (isFurther(by) ? this.further(by) : this[by]).compare(a, b)
  }

  count(id: number, flows = 1): void {
    if (id >= this.#room) this.#grow(id)
    if (id >= this.size) this.size = id + 1
    this.#flows[id] = this.#flows[id]! + flows
  }

  #grow(id: number) {
    while (this.#room <= id) this.#room *= 2
    this.bytes.grow(this.#room)
    this.packets.grow(this.#room)
    for (const sums of this.#further.values()) sums.grow(this.#room)
    const flows = new Float64Array(this.#room)
    flows.set(this.#flows)
    this.#flows = flows
  }

  value(id: number, value: StatValue): void {
    if (this.#values !== undefined) (this.#values[id] ??= []).push(value)
  }

  addFrom(id: number, table: SumTable, from: number): void {
    this.count(id, table.flows(from))
    this.bytes.addFrom(id, table.bytes, from)
    this.packets.addFrom(id, table.packets, from)
    for (const [name, sums] of this.#further) sums.addFrom(id, table.further(name), from)
    if (this.#values === undefined) return
    const values = (this.#values[id] ??= [])
    for (const value of table.#values?.[from] ?? []) values.push(value)
  }

  flows(id: number): number {
    return this.#flows[id] ?? 0
  }

  statistics(id: number): Statistics {
    return statisticsOf(this.#values?.[id] ?? [])
  }
}

export function reportedReader(
  batch: FlowBatch,
  name: FurtherMeasure | 'rtt',
): (row: number) => number | bigint | undefined {
  const column = batch.columns[name]
  if (column?.kind !== 'u64') return () => undefined
  const { words, valid } = column
  return (row) => {
    if (!present(valid, row)) return undefined
    const [low, high] = [words[2 * row]!, words[2 * row + 1]!]
    return high < 0x20_0000 ? high * twoTo32 + low : (BigInt(high) << 32n) | BigInt(low)
  }
}

/** Exact; undefined if absent. */
export function estimateReader(
  batch: FlowBatch,
  of: 'bytes' | 'packets',
): (row: number) => number | bigint | undefined {
  const counts = batch.columns[of]
  if (counts?.kind !== 'u64') return () => undefined
  const { words, valid } = counts
  const column = batch.columns['sampling']
  const sampling = column?.kind === 'u32' ? column : undefined
  return (row) => {
    if (!present(valid, row)) return undefined
    const [low, high] = [words[2 * row]!, words[2 * row + 1]!]
    const rate = sampling === undefined || !present(sampling.valid, row) ? 1 : sampling.values[row]!
    const product = (high * twoTo32 + low) * rate
    return high < 0x20_0000 && product <= largestExact ? product : ((BigInt(high) << 32n) | BigInt(low)) * BigInt(rate)
  }
}
