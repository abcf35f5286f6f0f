import type { FlowBatch } from '../../model/batches.ts'
import { compareBytes } from '../../query/text-order.ts'
import type { Measure } from '../../query/plan/index.ts'
import type { Cell } from '../live/cells.ts'
import { present } from './scan.ts'

const twoTo32 = 4_294_967_296
const largestExact = Number.MAX_SAFE_INTEGER

/** An integer as JSON has it in every answer: beyond 2^53 a text. */
export function integerCell(value: bigint): number | string {
  return value >= -BigInt(largestExact) && value <= BigInt(largestExact) ? Number(value) : value.toString()
}

/** An exact sum of integers; of none it is null, as SQL has it. */
export class ExactSum {
  /** Always exact: what would not be goes to `#large`. */
  #small = 0
  #large = 0n
  #any = false

  add(value: number | bigint): void {
    this.#any = true
    if (typeof value === 'number') {
      const sum = this.#small + value
      if (sum <= largestExact) {
        this.#small = sum
        return
      }
    }
    this.#large += BigInt(this.#small) + BigInt(value)
    this.#small = 0
  }

  addSum(other: ExactSum): void {
    if (!other.#any) return
    this.add(other.#small)
    this.#large += other.#large
  }

  get exact(): bigint {
    return this.#large + BigInt(this.#small)
  }

  get cell(): number | string | null {
    return this.#any ? integerCell(this.exact) : null
  }

  /** For choosing the largest: nothing is less than any sum. */
  compare(other: ExactSum): number {
    if (this.#any !== other.#any) return this.#any ? 1 : -1
    if (this.#large === 0n && other.#large === 0n) return this.#small - other.#small
    return this.exact < other.exact ? -1 : this.exact > other.exact ? 1 : 0
  }
}

/** What an answer adds up, of one group. */
export class Sums {
  readonly bytes = new ExactSum()
  readonly packets = new ExactSum()
  flows = 0
  /** Values of the field whose percentiles are asked for. */
  values: number[] | undefined

  addSums(other: Sums): void {
    this.bytes.addSum(other.bytes)
    this.packets.addSum(other.packets)
    this.flows += other.flows
    if (other.values === undefined) return
    this.values ??= []
    for (const value of other.values) this.values.push(value)
  }

  compare(other: Sums, by: Measure): number {
    return by === 'flows' ? this.flows - other.flows : this[by].compare(other[by])
  }
}

/** The estimate of bytes or packets of a row, exactly; undefined where nothing was counted. */
export function estimateReader(batch: FlowBatch, of: 'bytes' | 'packets'): (row: number) => number | bigint | undefined {
  const counts = batch.columns[of]
  if (counts?.kind !== 'u64') return () => undefined
  const { words, valid } = counts
  const column = batch.columns['sampling']
  const sampling = column?.kind === 'u32' ? column : undefined
  return (row) => {
    if (!present(valid, row)) return undefined
    const [low, high] = [words[2 * row] as number, words[2 * row + 1] as number]
    const rate = sampling === undefined || !present(sampling.valid, row) ? 1 : (sampling.values[row] as number)
    const product = (high * twoTo32 + low) * rate
    return high < 0x20_0000 && product <= largestExact ? product : ((BigInt(high) << 32n) | BigInt(low)) * BigInt(rate)
  }
}

/** The order that SQL gives values of a field in, absent ones last. Integers beyond 2^53 are texts here, and numbers there. */
export function compareCells(a: Cell, b: Cell, numeric: boolean): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (numeric) {
    const [left, right] = [BigInt(a as string | number), BigInt(b as string | number)]
    return left < right ? -1 : left > right ? 1 : 0
  }
  return typeof a === 'string' && typeof b === 'string' ? compareBytes(a, b) : Number(a) - Number(b)
}
