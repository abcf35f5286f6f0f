import { isPresent, type Column } from '../../model/columns.ts'
import type { FlowBatch } from '../../model/batches.ts'
import { Groups } from './groups.ts'
import { placeOfText, type Place } from './place.ts'
import { Numbering } from '../numbering.ts'

export class Texts extends Numbering<string | number, undefined> {
  readonly #places = new Map<number, Place>()

  constructor() {
    super([undefined])
  }

  place(number: number): Place | undefined {
    let position = this.#places.get(number)
    if (position !== undefined) return position
    const text = this.list[number]
    if (typeof text !== 'string') return undefined
    this.#places.set(number, (position = placeOfText(text)))
    return position
  }
}

interface Shape {
  readonly known: Groups
  tuples: Uint32Array
  counted: number
  /** Direct-mapped cache; `noTuple` if empty. */
  readonly recentWords: Uint32Array
  readonly recentTuples: Uint32Array
}

const recentSlots = 4096
const noTuple = 0xffff_ffff

/** Combinations of fields that flows carry besides addresses and counters; 0 is none. */
export class Carried {
  readonly fields: readonly string[]
  readonly tuples: Groups
  readonly #texts: Texts
  readonly #key: Uint32Array
  readonly #shapes = new Map<string, Shape>()

  constructor(fields: readonly string[], limit: number, texts: Texts) {
    this.fields = fields
    this.#texts = texts
    this.#key = new Uint32Array(fields.length)
    this.tuples = new Groups(fields.length, limit)
    this.tuples.find(this.#key)
  }

  /** 0 also beyond the limit of combinations. */
  of(batch: FlowBatch, out: Uint32Array): void {
    const present = this.fields
      .map((field, at) => ({ at, column: batch.columns[field] }))
      .filter(
        (candidate): candidate is Present => candidate.column?.kind === 'dict' || candidate.column?.kind === 'u32',
      )
    if (present.length === 0) {
      out.fill(0, 0, batch.count)
      return
    }
    const words = present.map(({ column }) => wordsOf(column, batch, this.#texts))
    const name = present.map(({ at, column }) => `${at}${column.kind}`).join()
    let shape = this.#shapes.get(name)
    // Separate, because 0 is a valid number.
    if (shape === undefined)
      this.#shapes.set(
        name,
        (shape = {
          known: new Groups(present.length + 1, this.tuples.limit),
          tuples: new Uint32Array(256),
          counted: 0,
          recentWords: new Uint32Array(recentSlots),
          recentTuples: new Uint32Array(recentSlots).fill(noTuple),
        }),
      )
    const key = new Uint32Array(present.length + 1)
    const missing = missingOf(present, batch.count)
    const [only] = words
    if (words.length === 1 && only !== undefined && missing === undefined) {
      this.#ofOne(shape, present, only.subarray(0, batch.count), out)
      return
    }
    let number = -1
    for (let row = 0; row < batch.count; row++) {
      let same = number >= 0
      for (let i = 0; i < words.length; i++) {
        const word = words[i]![row]!
        same &&= key[i] === word
        key[i] = word
      }
      const lacks = missing === undefined ? 0 : missing[row]!
      same &&= key[words.length] === lacks
      key[words.length] = lacks
      if (!same) number = this.#tuple(shape, present, key)
      out[row] = number
    }
  }

  #ofOne(shape: Shape, present: readonly Present[], words: Uint32Array, out: Uint32Array) {
    const { recentWords, recentTuples } = shape
    const key = new Uint32Array(2)
    for (let row = 0; row < words.length; row++) {
      const word = words[row]!
      const slot = Math.imul(word, 0x9e3779b1) >>> 20
      let tuple = recentTuples[slot]!
      if (tuple === noTuple || recentWords[slot] !== word) {
        key[0] = word
        tuple = this.#tuple(shape, present, key)
        recentWords[slot] = word
        recentTuples[slot] = tuple
      }
      out[row] = tuple
    }
  }

  #tuple(shape: Shape, present: readonly Present[], key: Uint32Array): number {
    const result = shape.known.find(key)
    if (result >= 0 && result < shape.counted) return shape.tuples[result]!
    const tuple = this.#key.fill(0)
    const lacks = key[present.length]!
    present.forEach(({ at, column }, index) => {
      const word = key[index]!
      if (column.kind === 'dict') tuple[at] = word
      else if (((lacks >> index) & 1) === 0) tuple[at] = this.#texts.number(word)
    })
    const number = Math.max(0, this.tuples.find(tuple))
    if (result >= 0) {
      if (shape.tuples.length === result) {
        const larger = new Uint32Array(2 * result)
        larger.set(shape.tuples)
        shape.tuples = larger
      }
      shape.tuples[result] = number
      shape.counted = result + 1
    }
    return number
  }

  get full(): boolean {
    return 2 * this.tuples.count > this.tuples.limit
  }

  word(tuple: number, field: number): number {
    return this.tuples.keys[tuple * this.fields.length + field] ?? 0
  }
}

type Present = Readonly<{
  at: number
  column: Extract<Column, { readonly kind: 'dict' | 'u32' }>
}>

function wordsOf(column: Present['column'], { dictionary, count }: FlowBatch, texts: Texts): Uint32Array {
  if (column.kind === 'u32') return column.values
  const numbers = new Uint32Array(dictionary.length)
  const { codes } = column
  const words = new Uint32Array(count)
  for (let row = 0; row < count; row++) {
    const code = codes[row]!
    if (code !== 0) words[row] = numbers[code]! || (numbers[code] = texts.number(dictionary[code] ?? ''))
  }
  return words
}

/** A bit per column; undefined if no row lacks any. */
function missingOf(present: readonly Present[], count: number): Uint32Array | undefined {
  let missing: Uint32Array | undefined
  present.forEach(({ column }, index) => {
    if (column.kind !== 'u32' || column.valid === undefined) return
    missing ??= new Uint32Array(count)
    for (let row = 0; row < count; row++) if (!isPresent(column.valid, row)) missing[row] = missing[row]! | (1 << index)
  })
  return missing
}
