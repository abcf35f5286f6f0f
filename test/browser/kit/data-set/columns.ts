// Columns of a batch of flows, filled row by row; missing values are null.
import type { FlowBatch } from '../../../../src/model/batches.ts'
import { flowField, type FlowFieldName } from '../../../../src/model/fields.ts'
import type { Column } from '../../../../src/model/columns.ts'

const arrays = {
  u8: Uint8Array,
  u16: Uint16Array,
  u32: Uint32Array,
  i32: Int32Array,
  f64: Float64Array,
  time: Float64Array,
} as const
const twoTo32 = 4_294_967_296

/** A number, an address as four words, or a string, by the type of the field. */
export type Put = (row: number, value: number | Uint32Array | string) => void

export class BatchColumns {
  readonly rows: number
  readonly #dictionary = ['']
  readonly #codes = new Map<string, number>()
  readonly #columns = new Map<string, Column>()
  readonly #lists = new Map<string, number[][]>()

  constructor(rows: number) {
    this.rows = rows
  }

  column(name: FlowFieldName): Put {
    const kind = flowField(name)?.kind
    const valid = new Uint8Array((this.rows + 7) >> 3)
    const mark = (row: number): void => {
      valid[row >> 3] = (valid[row >> 3] as number) | (1 << (row & 7))
    }
    switch (kind) {
      case 'dict': {
        const codes = new Uint32Array(this.rows)
        this.#columns.set(name, { kind, codes })
        return (row, value) => {
          codes[row] = this.#code(value as string)
        }
      }
      case 'ip': {
        const words = new Uint32Array(4 * this.rows)
        this.#columns.set(name, { kind, words, valid })
        return (row, value) => {
          words.set(value as Uint32Array, 4 * row)
          mark(row)
        }
      }
      case 'u64': {
        const words = new Uint32Array(2 * this.rows)
        this.#columns.set(name, { kind, words, valid })
        return (row, value) => {
          words[2 * row] = (value as number) % twoTo32
          words[2 * row + 1] = Math.floor((value as number) / twoTo32)
          mark(row)
        }
      }
      case 'u8':
      case 'u16':
      case 'u32':
      case 'i32':
      case 'f64':
      case 'time': {
        const values = new arrays[kind](this.rows)
        this.#columns.set(name, { kind, values, valid } as Column)
        return (row, value) => {
          values[row] = value as number
          mark(row)
        }
      }
      case 'list<dict>': {
        const items: number[][] = []
        this.#lists.set(name, items)
        return (row, value) => {
          ;(items[row] ??= []).push(this.#code(value as string))
        }
      }
      default:
        throw new Error(`no column of kind ${kind} is made here`)
    }
  }

  #code(text: string): number {
    const known = this.#codes.get(text)
    if (known !== undefined) return known
    const code = this.#dictionary.push(text) - 1
    this.#codes.set(text, code)
    return code
  }

  batch(): FlowBatch {
    for (const [name, items] of this.#lists) {
      const offsets = new Uint32Array(this.rows + 1)
      for (let row = 0; row < this.rows; row++) offsets[row + 1] = (offsets[row] as number) + (items[row]?.length ?? 0)
      this.#columns.set(name, { kind: 'list<dict>', offsets, items: Uint32Array.from(items.flat()) })
    }
    return { kind: 'flows', count: this.rows, dictionary: this.#dictionary, columns: Object.fromEntries(this.#columns) }
  }
}
