import type { FlowBuilder } from '../../model/flow-builder.ts'
import { parseExact, stringifyExact } from './exact.ts'
import { fieldOfKey } from './keys.ts'
import { setterOf, type Setter } from './setters.ts'
import { isRecord } from '../../model/json.ts'

/** Limit of counted keys, which are untrusted. */
const maxKeys = 256

/**
 * Reads NetObserv records into flows. Accepts all known forms of a value (443, 443.0, strings, flag names). Unknown
 * keys are stored in `extra`; invalid values are omitted and counted by key.
 */
export class NetObservReader {
  readonly #flows: FlowBuilder
  readonly #setters = new Map<string, Setter>()
  readonly #extra
  /** No JSON object, no row. */
  malformed = 0
  /** Omitted values by key; beyond the limit under `other`. */
  readonly wrong = new Map<string, number>()
  /** Values in `extra` by key, with the same limit. */
  readonly unknown = new Map<string, number>()

  constructor(flows: FlowBuilder) {
    this.#flows = flows
    this.#extra = flows.column('extra')
  }

  /** False if the record is invalid. */
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
