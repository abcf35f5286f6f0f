import { Numbering } from '../numbering.ts'
import { Presence } from '../parquet/levels.ts'

/** What the rows of a rollup have in one column. */
export interface RollupValues {
  /** Of those that have one, in order: a number, or the place of a text in `texts`. */
  readonly values: Uint32Array
  readonly texts?: readonly string[]
  readonly presence: Presence
}

let room = new Uint32Array(1 << 12)

/** Puts a column together, row by row, one column at a time: they share their room. */
export class Filling {
  readonly #rows: number
  readonly #presence = new Presence()
  #count = 0
  /** Rows behind those that `#presence` has: all of them have a value, or none has. */
  #run = 0
  #there = true

  /** Of so many rows. */
  constructor(rows: number) {
    this.#rows = rows
    if (room.length < rows) room = new Uint32Array(Math.max(rows, 2 * room.length))
  }

  add(value: number): void {
    if (!this.#there) this.#turn()
    this.#run++
    room[this.#count++] = value
  }

  lack(): void {
    if (this.#there) this.#turn()
    this.#run++
  }

  #turn(): void {
    if (this.#run > 0) this.#presence.fill(this.#run, this.#there)
    this.#run = 0
    this.#there = !this.#there
  }

  /** The column, whose last rows have no value where they were not spoken of; undefined when none has. */
  done(texts?: readonly string[]): RollupValues | undefined {
    if (this.#count === 0) return undefined
    this.#turn()
    if (this.#presence.values < this.#rows) this.#presence.fill(this.#rows - this.#presence.values, false)
    return { values: room.slice(0, this.#count), presence: this.#presence, ...(texts === undefined ? {} : { texts }) }
  }
}

/** The distinct texts of a column. */
export class ColumnTexts {
  readonly #numbers = new Numbering<string>()
  #mixed = false

  get list(): readonly string[] {
    return this.#numbers.list
  }

  /** Place of the text + 1; 0 for none. */
  number(text: string | undefined): number {
    return text === undefined ? 0 : this.#numbers.number(text) + 1
  }

  /** As `number`, by one who never says a text twice: it is not looked for. */
  add(text: string): number {
    return this.#mixed ? this.number(text) : this.#numbers.list.push(text)
  }

  /** Others say texts, too. */
  mix(): void {
    this.#mixed = true
  }
}

const unknown = 0xffff_ffff

/** What is asked once only for each number below `count`. Answers are below 2^32 − 1. */
export class Once {
  readonly #answers: Uint32Array
  readonly #ask: (number: number) => number

  constructor(count: number, ask: (number: number) => number) {
    this.#answers = new Uint32Array(count).fill(unknown)
    this.#ask = ask
  }

  of(number: number): number {
    const known = this.#answers[number] as number
    return known === unknown ? (this.#answers[number] = this.#ask(number)) : known
  }
}
