import type { FlowBuilder, GrowingColumn } from '../../model/flow-builder.ts'
import { trimOldest } from '../../model/trim-oldest.ts'
import type { FieldPlace } from './data-set.ts'
import { hash53 } from './hash.ts'
import { lengthOf, startOf } from './read.ts'
import type { Step } from './step-numbers.ts'
import type { SamplingDefaults } from './step-sampling.ts'

/** Applications of one exporter: some thousands (NBAR, FortiGuard). */
const mostNames = 16_384
/** Its numbers begin with an enterprise number (RFC 6759, section 4). */
const enterpriseEngine = 20

/** Names by application id, from options; codes of the current batch. */
export class Applications {
  readonly names = new Map<string, string>()
  readonly #codes = new Map<number, number>()
  #generation = -1

  /** `id` in hex. */
  put(id: string, name: string): boolean {
    if (this.names.get(id) === name) return false
    this.names.set(id, name)
    trimOldest(this.names, mostNames)
    this.#codes.clear()
    return true
  }

  /** 0 for an id of zeros. */
  code(flows: FlowBuilder, bytes: Uint8Array, at: number, length: number): number {
    if (this.#generation !== flows.generation || this.#codes.size >= mostNames) {
      this.#generation = flows.generation
      this.#codes.clear()
    }
    const key = hash53(0, bytes, at, length)
    let code = this.#codes.get(key)
    if (code === undefined) {
      const id = idText(bytes, at, length)
      code = /[1-9a-f]/.test(id) ? flows.code(this.names.get(id) ?? numbersOf(bytes.subarray(at, at + length))) : 0
      this.#codes.set(key, code)
    }
    return code
  }
}

export function idText(bytes: Uint8Array, at: number, length: number): string {
  return Buffer.from(bytes.subarray(at, at + length)).toString('hex')
}

/** Engine and number, as routers show them. */
function numbersOf(id: Uint8Array) {
  const engine = id[0] ?? 0
  const number = (from: number, to: number) => {
    let value = 0n
    for (const byte of id.subarray(from, to)) value = (value << 8n) | BigInt(byte)
    return String(value)
  }
  return engine === enterpriseEngine && id.length > 5
    ? `${engine}:${number(1, 5)}:${number(5, id.length)}`
    : `${engine}:${number(1, id.length)}`
}

/** IE 95, unless a name is in the record. */
export function applicationStep(
  flows: FlowBuilder,
  column: GrowingColumn<Uint32Array>,
  position: FieldPlace,
  defaults: SamplingDefaults,
): Step {
  return (set, row) => {
    const { applications } = defaults.facts
    for (let i = 0; i < set.count; i++) {
      if (column.items[row + i] !== 0) continue
      const code = applications.code(flows, set.bytes, startOf(set, position, i), lengthOf(set, position, i))
      if (code === 0) continue
      column.items[row + i] = code
      column.mark(row + i)
    }
  }
}
