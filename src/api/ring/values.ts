import type { Resolver } from '../../engine/contracts.ts'
import { isResolved, storedColumn } from '../../query/live-columns.ts'
import type { QueryField } from '../../query/index.ts'
import { mappedPrefix } from '../../model/ip.ts'
import { cellReader } from '../live/cells.ts'
import type { Cell } from '../../topics/cells.ts'
import { present, type Found } from './scan.ts'

/** 0 for an absent value. */
type IdReader = (row: number) => number

const twoTo32 = 4_294_967_296

export class FieldValues {
  readonly field: QueryField
  readonly cells: Cell[] = [null]
  readonly #resolver: Resolver | undefined
  readonly #ids = new Map<string | number, number>()

  constructor(field: QueryField, resolver: Resolver | undefined) {
    this.field = field
    this.#resolver = resolver
  }

  of({ batch, header }: Pick<Found, 'batch' | 'header'>): IdReader {
    const { name } = this.field
    const cell = cellReader(batch, header, name, this.#resolver)
    const column = storedColumn(batch, header, name, this.#resolver)
    // JSON is grouped by its text.
    if (column?.kind === 'json' || (column?.kind === 'dict' && !isResolved(batch, name, this.#resolver))) {
      const { codes } = column
      const parsedCodes = new Int32Array(batch.dictionary.length)
      return (row) => {
        const code = codes[row]!
        if (code === 0) return 0
        return (
          parsedCodes[code]! ||
          (parsedCodes[code] = this.#id(
            batch.dictionary[code] ?? '',
            column.kind === 'json' ? () => batch.dictionary[code] ?? '' : cell,
            row,
          ))
        )
      }
    }
    if (column?.kind === 'ip') {
      const { words, valid } = column
      return (row) => {
        if (!present(valid, row)) return 0
        const at = 4 * row
        const last = words[at + 3]!
        if (words[at] === 0 && words[at + 1] === 0 && words[at + 2] === mappedPrefix) return this.#id(last, cell, row)
        return this.#id(`${words[at]}:${words[at + 1]}:${words[at + 2]}:${last}`, cell, row)
      }
    }
    if (column?.kind === 'u64' || column?.kind === 'mac') {
      const { words, valid } = column
      return (row) => {
        if (!present(valid, row)) return 0
        const [low, high] = [words[2 * row]!, words[2 * row + 1]!]
        return this.#id(high < 0x20_0000 ? high * twoTo32 + low : `${high}:${low}`, cell, row)
      }
    }
    if (column !== undefined && 'values' in column && name !== 'time_skewed') {
      const { values, valid } = column
      return (row) => (present(valid, row) ? this.#id(values[row]!, cell, row) : 0)
    }
    return (row) => {
      const value = cell(row)
      return value === null
        ? 0
        : this.#id(
            typeof value === 'number' || typeof value === 'string' ? value : JSON.stringify(value),
            () => value,
            row,
          )
    }
  }

  #id(key: string | number, cell: (row: number) => Cell, row: number): number {
    const existing = this.#ids.get(key)
    if (existing !== undefined) return existing
    const id = this.cells.length
    this.cells.push(cell(row))
    this.#ids.set(key, id)
    return id
  }
}

const maxIds = 2 ** 26

export class PairIds {
  readonly #ids = new Map<number, number>()
  readonly lefts: number[] = []
  readonly rights: number[] = []

  of(left: number, right: number): number {
    const key = left * maxIds + right
    const existing = this.#ids.get(key)
    if (existing !== undefined) return existing
    const id = this.lefts.length
    this.#ids.set(key, id)
    this.lefts.push(left)
    this.rights.push(right)
    return id
  }
}

export class GroupIds {
  readonly #fields: readonly FieldValues[]
  readonly #pairs: readonly PairIds[]

  constructor(fields: readonly QueryField[], resolver: Resolver | undefined) {
    this.#fields = fields.map((field) => new FieldValues(field, resolver))
    this.#pairs = fields.slice(1).map(() => new PairIds())
  }

  of(match: Pick<Found, 'batch' | 'header'>): IdReader {
    const readers = this.#fields.map((field) => field.of(match))
    const [first = () => 0, ...rest] = readers
    return rest.reduce((left, right, index) => {
      const pairs = this.#pairs[index]!
      return (row) => pairs.of(left(row), right(row))
    }, first)
  }

  cells(id: number): Cell[] {
    const cells: Cell[] = []
    let left = id
    for (let index = this.#pairs.length - 1; index >= 0; index--) {
      const pairs = this.#pairs[index]!
      cells.unshift(this.#fields[index + 1]?.cells[pairs.rights[left] ?? 0] ?? null)
      left = pairs.lefts[left] ?? 0
    }
    return this.#fields.length === 0 ? [] : [this.#fields[0]?.cells[left] ?? null, ...cells]
  }
}
