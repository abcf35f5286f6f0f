import type { Column } from '../model/columns.ts'
import { isPresent } from '../model/columns.ts'
import type { FlowBatch } from '../model/batches.ts'
import { Groups } from './groups.ts'
import { Numbering } from './numbering.ts'

/** Values, mostly strings, by number; 0 is absent. */
export class Texts extends Numbering<string | number, undefined> {
  constructor() {
    super([undefined])
  }
}

/**
 * What flows carry beside their addresses and numbers, as one number for each combination: 0 for none of it. A word of a
 * tuple is the number of a value.
 */
export class Carried {
  readonly fields: readonly string[]
  readonly tuples: Groups
  readonly #texts: Texts
  readonly #key: Uint32Array

  constructor(fields: readonly string[], limit: number, texts: Texts) {
    this.fields = fields
    this.#texts = texts
    this.#key = new Uint32Array(fields.length)
    this.tuples = new Groups(fields.length, limit)
    this.tuples.find(this.#key)
  }

  /** Of every row, into `out`; undefined when it is 0 for all of them. −1 becomes 0: more combinations than are kept apart. */
  of(batch: FlowBatch, out: Uint32Array): Uint32Array | undefined {
    const present = this.fields.map((field, at) => ({ at, column: batch.columns[field] })).filter((one): one is { at: number; column: Column } => one.column !== undefined)
    if (present.length === 0) return undefined
    const words = present.map(({ column }) => wordOf(column, batch.dictionary, this.#texts))
    const key = this.#key
    key.fill(0)
    let number = -1
    for (let row = 0; row < batch.count; row++) {
      let same = number >= 0
      for (let i = 0; i < words.length; i++) {
        const word = (words[i] as (row: number) => number)(row)
        const at = (present[i] as { at: number }).at
        if (key[at] !== word) {
          key[at] = word
          same = false
        }
      }
      if (!same) number = Math.max(0, this.tuples.find(key))
      out[row] = number
    }
    return out
  }

  /** One word of a tuple. */
  word(tuple: number, field: string): number {
    const at = this.fields.indexOf(field)
    return at < 0 ? 0 : (this.tuples.keys[tuple * this.fields.length + at] ?? 0)
  }
}

function wordOf(column: Column, dictionary: readonly string[], texts: Texts): (row: number) => number {
  if (column.kind === 'dict') {
    const numbers = new Uint32Array(dictionary.length)
    const { codes } = column
    return (row) => {
      const code = codes[row] as number
      if (code === 0) return 0
      return numbers[code] as number || (numbers[code] = texts.number(dictionary[code] ?? ''))
    }
  }
  if (column.kind === 'u32') {
    const { values, valid } = column
    let before = -1
    let number = 0
    return (row) => {
      if (!isPresent(valid, row)) return 0
      const value = values[row] as number
      if (value !== before) number = texts.number((before = value))
      return number
    }
  }
  return () => 0
}
