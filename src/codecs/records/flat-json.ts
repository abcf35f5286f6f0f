import { isUtf8 } from 'node:buffer'
import { digitKind, numberText } from '../../model/json-number.ts'

/** Kinds of the value of a member. Absent: also null. `number`: JavaScript writes it differently. */
export const valueKinds = { absent: 0, text: 1, boolean: 2, integer: 3, decimal: 4, number: 5 } as const

const quote = 34
const comma = 44
const colon = 58
const backslash = 92
const [open, close] = [123, 125]
const utf8 = new TextEncoder()

/**
 * Positions of the chosen values in a JSON object without nested values and without escapes, so that the bytes of most
 * values can be copied.
 */
export class FlatJson {
  /** By index of the name; the bytes of a text are without quotes. */
  readonly kinds: Uint8Array
  readonly from: Uint32Array
  readonly to: Uint32Array
  readonly #names: readonly Uint8Array[]
  #next = 0
  #ascii = true

  constructor(names: readonly string[]) {
    this.#names = names.map((name) => utf8.encode(name))
    this.kinds = new Uint8Array(names.length)
    this.from = new Uint32Array(names.length)
    this.to = new Uint32Array(names.length)
  }

  /** False: the text has another form, or is no JSON. */
  read(bytes: Uint8Array): boolean {
    this.kinds.fill(valueKinds.absent)
    this.#ascii = true
    this.#next = 0
    let at = afterBlanks(bytes, 0)
    if (bytes[at] !== open) return false
    for (;;) {
      at = afterBlanks(bytes, at + 1)
      if (bytes[at] !== quote) return false
      const name = at + 1
      at = this.#textEnd(bytes, name)
      if (at < 0) return false
      const slot = this.#slotOf(bytes, name, at)
      at = afterBlanks(bytes, at + 1)
      if (bytes[at] !== colon) return false
      at = this.#value(bytes, afterBlanks(bytes, at + 1), slot)
      if (at < 0) return false
      at = afterBlanks(bytes, at)
      if (bytes[at] === close) break
      if (bytes[at] !== comma) return false
    }
    return afterBlanks(bytes, at + 1) === bytes.length && (this.#ascii || isUtf8(bytes))
  }

  /** The end of the value at `at`; -1: it has another form. */
  #value(bytes: Uint8Array, at: number, slot: number): number {
    const { text, absent, boolean, integer, decimal, number } = valueKinds
    switch (bytes[at]) {
      case quote: {
        const end = this.#textEnd(bytes, at + 1)
        if (end < 0) return -1
        this.#put(slot, text, at + 1, end)
        return end + 1
      }
      case 0x74:
        return isWord(bytes, at, 'true') ? this.#put(slot, boolean, at, at + 4) : -1
      case 0x66:
        return isWord(bytes, at, 'false') ? this.#put(slot, boolean, at, at + 5) : -1
      case 0x6e:
        return isWord(bytes, at, 'null') ? this.#put(slot, absent, at, at + 4) : -1
      default: {
        const end = numberEnd(bytes, at)
        const digits = digitKind(bytes, at, end)
        if (digits !== 'other') return this.#put(slot, digits === 'integer' ? integer : decimal, at, end)
        return numberText(bytes, at, end) === undefined ? -1 : this.#put(slot, number, at, end)
      }
    }
  }

  #put(slot: number, kind: number, from: number, to: number): number {
    if (slot >= 0) {
      this.kinds[slot] = kind
      this.from[slot] = from
      this.to[slot] = to
    }
    return to
  }

  /** The position of the closing quote; -1: the text has escapes or no end. */
  #textEnd(bytes: Uint8Array, from: number): number {
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at]!
      if (byte === quote) return at
      if (byte === backslash || byte < 32) return -1
      if (byte > 127) this.#ascii = false
    }
    return -1
  }

  /** Messages of one kind have their members in the same order. */
  #slotOf(bytes: Uint8Array, from: number, to: number): number {
    const names = this.#names
    for (let tried = 0; tried < names.length; tried++) {
      const slot = this.#next < names.length ? this.#next : 0
      this.#next = slot + 1
      if (isName(names[slot]!, bytes, from, to)) return slot
    }
    return -1
  }
}

function isName(name: Uint8Array, bytes: Uint8Array, from: number, to: number) {
  if (name.length !== to - from) return false
  for (let index = 0; index < name.length; index++) if (name[index] !== bytes[from + index]) return false
  return true
}

function isWord(bytes: Uint8Array, at: number, word: string) {
  for (let index = 0; index < word.length; index++) if (bytes[at + index] !== word.charCodeAt(index)) return false
  return true
}

function afterBlanks(bytes: Uint8Array, from: number) {
  let at = from
  while (at < bytes.length) {
    const byte = bytes[at]!
    if (byte !== 32 && byte !== 10 && byte !== 13 && byte !== 9) break
    at++
  }
  return at
}

/** After digits, signs, points and exponents. */
function numberEnd(bytes: Uint8Array, from: number) {
  let at = from
  while (at < bytes.length) {
    const byte = bytes[at]!
    if ((byte < 48 || byte > 57) && byte !== 45 && byte !== 46 && byte !== 43 && byte !== 101 && byte !== 69) break
    at++
  }
  return at
}

export function textAt({ buffer, byteOffset, length }: Uint8Array, from: number, to: number): string {
  return Buffer.from(buffer, byteOffset, length).toString('utf8', from, to)
}
