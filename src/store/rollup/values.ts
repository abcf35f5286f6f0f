import { Numbering } from '../numbering.ts'
import { Presence } from '../../codecs/parquet/levels.ts'

export type RollupValues = Readonly<{
  values: Uint32Array
  texts?: readonly string[]
  presence: Presence
}>

let room = new Uint32Array(1 << 12)

/** One column at a time, in shared buffers. */
export class Filling {
  readonly #rows: number
  readonly #presence = new Presence()
  #count = 0
  #run = 0
  #allPresent = true

  constructor(rows: number) {
    this.#rows = rows
    if (room.length < rows) room = new Uint32Array(Math.max(rows, 2 * room.length))
  }

  add(value: number): void {
    if (!this.#allPresent) this.#next()
    this.#run++
    room[this.#count++] = value
  }

  lack(): void {
    if (this.#allPresent) this.#next()
    this.#run++
  }

  #next() {
    if (this.#allPresent) this.#presence.addPresent(this.#run)
    else if (this.#run > 0) this.#presence.addNulls(this.#run)
    this.#run = 0
    this.#allPresent = !this.#allPresent
  }

  done(texts?: readonly string[]): RollupValues | undefined {
    if (this.#count === 0) return undefined
    this.#next()
    if (this.#presence.values < this.#rows) this.#presence.addNulls(this.#rows - this.#presence.values)
    return { values: room.slice(0, this.#count), presence: this.#presence, ...(texts === undefined ? {} : { texts }) }
  }
}

export class ColumnTexts {
  readonly #numbers = new Numbering<string>()
  #mixed = false

  get list(): readonly string[] {
    return this.#numbers.list
  }

  number(text: string | undefined): number {
    return text === undefined ? 0 : this.#numbers.number(text) + 1
  }

  add(text: string): number {
    return this.#mixed ? this.number(text) : this.#numbers.list.push(text)
  }

  mix(): void {
    this.#mixed = true
  }
}

const unknown = 0xffff_ffff

/** Arguments are below `count`, results below 2^32 − 1. */
export class NumberCache {
  readonly #answers: Uint32Array
  readonly #compute: (number: number) => number

  constructor(count: number, compute: (number: number) => number) {
    this.#answers = new Uint32Array(count).fill(unknown)
    this.#compute = compute
  }

  of(number: number): number {
    const answer = this.#answers[number]!
    return answer === unknown ? (this.#answers[number] = this.#compute(number)) : answer
  }
}
