import type { FlowBuilder } from '../../model/flow-builder.ts'
import { parseExact, stringifyExact } from './exact.ts'
import { fieldOfKey } from './keys.ts'
import { setterOf, type Setter } from './setters.ts'
import { isRecord } from '../../model/json.ts'

/** Limit of distinct keys, because keys are untrusted. */
const maxKeys = 256

/**
 * Reads NetObserv records into flows. The forms of one field differ by who wrote the record (443, 443.0, 64-bit numbers
 * as strings, flags as a number or as names), and all are taken. A key that is not known is kept in `extra`; a value
 * that cannot be its field's is left out and counted under its key. Neither costs the row.
 *
 * @example
 * const reader = new NetObservReader(flows)
 * reader.read('{"SrcAddr":"10.0.0.1","Bytes":"many","Rack":7}') // true: a row with src_addr and extra {"Rack":7}
 * reader.wrong // Map { 'Bytes' => 1 }
 */
export class NetObservReader {
  readonly #flows: FlowBuilder
  readonly #setters = new Map<string, Setter>()
  readonly #extra
  /** Records that are no JSON object and yield no row. */
  malformed = 0
  /** Omitted values by key; beyond the limit of keys under `other`. */
  readonly wrong = new Map<string, number>()
  /** Values stored in `extra`, by key; with the same limit. */
  readonly unknown = new Map<string, number>()

  constructor(flows: FlowBuilder) {
    this.#flows = flows
    this.#extra = flows.column('extra')
  }

  /** Appends the row of a record; false if it is invalid. */
  read(json: string): boolean {
    let record: unknown
    try {
      record = parseExact(json)
    } catch {
      record = undefined
    }
    if (!isRecord(record)) {
      this.malformed++
      return false
    }
    this.#flows.reserve(1)
    const row = this.#flows.count
    let extra = ''
    for (const [key, value] of Object.entries(record)) {
      const set = this.#setter(key)
      if (set === undefined) {
        const text = stringifyExact(value)
        count(text === undefined ? this.wrong : this.unknown, key)
        if (text !== undefined) extra += `${extra === '' ? '' : ','}${JSON.stringify(key)}:${text}`
      } else if (value !== null && value !== '' && !set(row, value)) {
        count(this.wrong, key)
      }
    }
    if (extra !== '') {
      this.#extra.items[row] = this.#flows.code(`{${extra}}`)
      this.#extra.mark(row)
    }
    this.#flows.commit(1)
    return true
  }

  #setter(key: string): Setter | undefined {
    const known = this.#setters.get(key)
    if (known !== undefined) return known
    const field = fieldOfKey.get(key)
    if (field === undefined) return undefined
    const made = setterOf(field, this.#flows)
    this.#setters.set(key, made)
    return made
  }
}

function count(into: Map<string, number>, key: string): void {
  const name = into.has(key) || into.size < maxKeys ? key : 'other'
  into.set(name, (into.get(name) ?? 0) + 1)
}
