import type { FlowBuilder } from '../../model/flow-builder.ts'
import { parseExact, stringifyExact } from '../../model/exact-json.ts'
import { fieldOfKey } from './keys.ts'
import { setterOf, type Setter } from './setters.ts'
import { isRecord } from '../../model/json.ts'

type Received = Readonly<{
  time: number
  /** Difference of the clocks in ms above which a row is marked. */
  skewLimit: number
}>

/** Limit of counted keys, which are untrusted. */
const maxKeys = 256

/** Accepts all known forms of a value (443, 443.0, strings, flag names). Unknown keys are stored in `extra`. */
export class NetObservReader {
  readonly #flows: FlowBuilder
  readonly #setters = new Map<string, Setter>()
  readonly #extra
  readonly #timeReceived
  readonly #timeEnd
  readonly #skewed
  readonly #protocol
  malformed = 0
  readonly wrong = new Map<string, number>()
  readonly unknown = new Map<string, number>()

  constructor(flows: FlowBuilder) {
    this.#flows = flows
    this.#extra = flows.column('extra')
    this.#timeReceived = flows.column('time_received')
    this.#timeEnd = flows.column('time_end')
    this.#skewed = flows.column('time_skewed')
    this.#protocol = flows.column('protocol')
  }

  read(json: string, received?: Received): boolean {
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
    if (received !== undefined) this.#begin(row, received)
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
    if (received !== undefined) this.#markSkew(row, received)
    this.#flows.commit(1)
    return true
  }

  /** The record's own values replace these. */
  #begin(row: number, { time }: Received) {
    put(this.#timeReceived, row, time)
    put(this.#protocol, row, this.#flows.code('netobserv'))
  }

  #markSkew(row: number, { time, skewLimit }: Received) {
    const end = this.#timeEnd.items[row]!
    put(this.#skewed, row, end !== 0 && Math.abs(end - time) > skewLimit ? 1 : 0)
  }

  #setter(key: string): Setter | undefined {
    const setter = this.#setters.get(key)
    if (setter !== undefined) return setter
    const field = fieldOfKey.get(key)
    if (field === undefined) return undefined
    const made = setterOf(field, this.#flows)
    this.#setters.set(key, made)
    return made
  }
}

function put(
  column: { readonly items: { [row: number]: number }; mark(row: number): void },
  row: number,
  value: number,
) {
  column.items[row] = value
  column.mark(row)
}

function count(into: Map<string, number>, key: string) {
  const name = into.has(key) || into.size < maxKeys ? key : 'other'
  into.set(name, (into.get(name) ?? 0) + 1)
}
