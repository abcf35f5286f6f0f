import type { FlowBuilder } from '../../model/flow-builder.ts'

const arenaBytes = 256 * 1024
const slots = 8192
const utf8 = new TextDecoder()

/** Dictionary codes by bytes: a repeated name needs no string. The table is bounded. */
export class StringCodes {
  readonly #flows: FlowBuilder
  #generation = -1
  #used = 0
  #entries = 0
  readonly #arena = new Uint8Array(arenaBytes)
  readonly #codes = new Uint32Array(slots)
  readonly #starts = new Uint32Array(slots)
  readonly #lengths = new Uint32Array(slots)

  readonly #format: ((bytes: Uint8Array) => string) | undefined

  /** `format`: text of all bytes, empty if absent; otherwise UTF-8 without zeros at its end. */
  constructor(flows: FlowBuilder, format?: (bytes: Uint8Array) => string) {
    this.#flows = flows
    this.#format = format
  }

  code(bytes: Uint8Array, at: number, length: number): number {
    if (this.#format === undefined) while (length > 0 && bytes[at + length - 1] === 0) length--
    if (length === 0) return 0
    this.#refresh()
    let slot = hash(bytes, at, length) & (slots - 1)
    for (; this.#codes[slot] !== 0; slot = (slot + 1) & (slots - 1))
      if (this.#is(slot, bytes, at, length)) return this.#codes[slot]!
    const content = bytes.subarray(at, at + length)
    const text = this.#format === undefined ? utf8.decode(content) : this.#format(content)
    if (text === '') return 0
    const code = this.#flows.code(text)
    if (this.#entries < slots / 2 && this.#used + length <= arenaBytes) this.#remember(slot, code, bytes, at, length)
    return code
  }

  #remember(slot: number, code: number, bytes: Uint8Array, at: number, length: number) {
    this.#arena.set(bytes.subarray(at, at + length), this.#used)
    this.#codes[slot] = code
    this.#starts[slot] = this.#used
    this.#lengths[slot] = length
    this.#used += length
    this.#entries++
  }

  #is(slot: number, bytes: Uint8Array, at: number, length: number) {
    if (this.#lengths[slot] !== length) return false
    const start = this.#starts[slot]!
    for (let i = 0; i < length; i++) if (this.#arena[start + i] !== bytes[at + i]) return false
    return true
  }

  #refresh() {
    if (this.#generation === this.#flows.generation) return
    this.#generation = this.#flows.generation
    if (this.#entries > 0) this.#codes.fill(0)
    this.#used = 0
    this.#entries = 0
  }
}

/** FNV-1a. */
function hash(bytes: Uint8Array, at: number, length: number) {
  let value = 0x811c9dc5
  for (let i = 0; i < length; i++) value = Math.imul(value ^ bytes[at + i]!, 0x01000193)
  return value ^ (value >>> 15)
}
