import type { FlowBatch } from '../../model/batches.ts'
import { isPresent, type Column } from '../../model/columns.ts'
import type { FlowFieldName } from '../../model/fields.ts'
import { formatIp } from '../../model/ip.ts'
import { isZero } from '../../model/zero.ts'
import { macText, u64Text } from '../flow-json/index.ts'
import type { FieldRef } from './definition.ts'
import type { Interner } from './interner.ts'
import type { View } from './view.ts'
import { WordTable } from './word-table.ts'

/** NetObserv's record has no key for these when they are zero. */
const absentWhenZero: ReadonlySet<FlowFieldName> = new Set<FlowFieldName>(['bytes', 'packets', 'sampling'])

const jsonLimit = 64

export class BatchTexts {
  readonly #dictionary: readonly string[]
  readonly #interner: Interner
  readonly #ids: Int32Array
  readonly #parsed = new Map<number, readonly unknown[]>()

  constructor(batch: FlowBatch, interner: Interner) {
    this.#dictionary = batch.dictionary
    this.#interner = interner
    this.#ids = new Int32Array(batch.dictionary.length)
  }

  id(code: number): number {
    if (code === 0) return 0
    const known = this.#ids[code]!
    if (known !== 0) return known - 1
    const id = this.#interner.id(this.#dictionary[code] ?? '')
    this.#ids[code] = id + 1
    return id
  }

  /** Elements of a JSON array, or a JSON object as the only one; at most 64. */
  elements(code: number): readonly unknown[] {
    let results = this.#parsed.get(code)
    if (results === undefined) {
      results = code === 0 ? [] : parsed(this.#dictionary[code] ?? '')
      this.#parsed.set(code, results)
    }
    return results
  }

  jsonId(code: number, item: number, key: string | undefined): number {
    const element = this.elements(code)[item]
    const value = key === undefined ? element : (element as Readonly<Record<string, unknown>> | null | undefined)?.[key]
    if (value === undefined || value === null) return 0
    return this.#interner.id(typeof value === 'string' ? value : JSON.stringify(value))
  }
}

function parsed(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value.slice(0, jsonLimit) : [value]
  } catch {
    return []
  }
}

/** Ids of the values of one field. Known values cost no string. */
export class FieldIds {
  readonly ref: FieldRef
  readonly #interner: Interner
  /** Id + 1 of numbers below 65,536. */
  #small: Int32Array | undefined
  #table: WordTable | undefined
  readonly #known: number[] = []

  constructor(ref: FieldRef, interner: Interner) {
    this.ref = ref
    this.#interner = interner
  }

  /** The id at each position of the view; 0 where the value is absent. */
  fill(batch: FlowBatch, texts: BatchTexts, view: View): Int32Array {
    const ids = new Int32Array(view.count)
    const column = batch.columns[this.ref.field]
    if (column === undefined) return ids
    const { rows } = view
    const items = view.items.get(this.ref.field)
    switch (column.kind) {
      case 'dict': {
        const { codes } = column
        for (let i = 0; i < ids.length; i++) ids[i] = texts.id(codes[rows[i]!]!)
        break
      }
      case 'json': {
        for (let i = 0; i < ids.length; i++) {
          const item = items === undefined ? 0 : items[i]!
          if (item >= 0) ids[i] = texts.jsonId(column.codes[rows[i]!]!, item, this.ref.key)
        }
        break
      }
      case 'list<dict>':
        if (items !== undefined)
          for (let i = 0; i < ids.length; i++) if (items[i]! >= 0) ids[i] = texts.id(column.items[items[i]!]!)
        break
      case 'list<u8>':
        if (items !== undefined)
          for (let i = 0; i < ids.length; i++) if (items[i]! >= 0) ids[i] = this.#smallId(column.items[items[i]!]!)
        break
      case 'u8':
      case 'u16': {
        const { values, valid } = column
        for (let i = 0; i < ids.length; i++) {
          const row = rows[i]!
          if (isPresent(valid, row)) ids[i] = this.#smallId(values[row]!)
        }
        break
      }
      default:
        this.#fillWords(column, rows, ids)
    }
    return ids
  }

  #smallId(value: number): number {
    const known = (this.#small ??= new Int32Array(65_536))
    let id = known[value]! - 1
    if (id < 0) {
      id = this.#interner.id(String(value))
      known[value] = id + 1
    }
    return id
  }

  #fillWords(column: WideColumn, rows: Uint32Array, ids: Int32Array) {
    const words = wordsOf(column)
    const width = column.kind === 'ip' ? 4 : column.kind === 'u32' || column.kind === 'i32' ? 1 : 2
    const table = (this.#table ??= new WordTable(width))
    const known = this.#known
    const skipZero = absentWhenZero.has(this.ref.field)
    for (let i = 0; i < ids.length; i++) {
      const row = rows[i]!
      if (!isPresent(column.valid, row)) continue
      if (skipZero && isZero(words, row * width, (row + 1) * width)) continue
      let index = table.find(words, row * width)
      if (index < 0) {
        index = table.add(words, row * width)
        known[index] = this.#interner.id(textOf(column, row))
      }
      ids[i] = known[index]!
    }
  }
}

type WideColumn = Exclude<Column, { readonly kind: 'u8' | 'u16' | 'dict' | 'json' | 'list<u8>' | 'list<dict>' }>

function wordsOf(column: WideColumn): Uint32Array | Int32Array {
  if ('words' in column) return column.words
  const { values } = column
  if (values instanceof Uint32Array || values instanceof Int32Array) return values
  return new Uint32Array(values.buffer, values.byteOffset, values.length * 2)
}

function textOf(column: WideColumn, row: number): string {
  switch (column.kind) {
    case 'ip':
      return formatIp(column.words, 4 * row)
    case 'mac':
      return macText(column.words[2 * row]!, column.words[2 * row + 1]!)
    case 'u64':
      return u64Text(column.words[2 * row]!, column.words[2 * row + 1]!)
    case 'f64':
    case 'time':
      return Number.isFinite(column.values[row]!) ? String(column.values[row]!) : ''
    default:
      return String(column.values[row]!)
  }
}

export function keepPresent(
  batch: FlowBatch,
  field: FlowFieldName,
  rows: Uint32Array,
  mask: Uint8Array,
  kept: 'present' | 'absent',
): void {
  const column = batch.columns[field]
  const valid = column !== undefined && 'valid' in column ? column.valid : undefined
  const zero = absentWhenZero.has(field) ? amountsOf(batch, field) : undefined
  const isKept = kept === 'present'
  for (let i = 0; i < mask.length; i++) {
    const row = rows[i]!
    const present = column !== undefined && isPresent(valid, row) && !Number.isNaN(zero?.[row] ?? 0)
    if (present !== isKept) mask[i] = 0
  }
}

/** Numbers of a field by row; NaN where absent. Exact up to 2^53. */
export function amountsOf(batch: FlowBatch, field: FlowFieldName): Float64Array | undefined {
  const column = batch.columns[field]
  if (column === undefined) return undefined
  const amounts = new Float64Array(batch.count)
  switch (column.kind) {
    case 'u64': {
      const { words } = column
      for (let row = 0; row < amounts.length; row++)
        amounts[row] = words[2 * row]! + words[2 * row + 1]! * 0x1_0000_0000
      break
    }
    case 'u8':
    case 'u16':
    case 'u32':
    case 'i32':
    case 'f64':
    case 'time':
      for (let row = 0; row < amounts.length; row++) amounts[row] = column.values[row]!
      break
    default:
      return undefined
  }
  const { valid } = column
  if (valid !== undefined)
    for (let row = 0; row < amounts.length; row++) if (!isPresent(valid, row)) amounts[row] = Number.NaN
  if (absentWhenZero.has(field))
    for (let row = 0; row < amounts.length; row++) if (amounts[row] === 0) amounts[row] = Number.NaN
  return amounts
}
