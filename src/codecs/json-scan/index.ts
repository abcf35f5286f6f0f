/** Reads JSON in place, so that a large list is taken item by item. */
import { isUtf8 } from 'node:buffer'
import { maxJsonDepth } from '../../model/json-depth.ts'

const [quote, backslash, comma, colon, openList, closeList, openObject, closeObject] = [
  34, 92, 44, 58, 91, 93, 123, 125,
]
const turnBytes = 1 << 18
const maxKey = 256
const unicode = 117
const escapes = Buffer.from('"\\\\/bfnrt')

export class JsonFault extends Error {}

const literals = new Map([
  [116, Buffer.from('true')],
  [102, Buffer.from('false')],
  [110, Buffer.from('null')],
])
const numberText = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const isSpace = (byte: number | undefined) => byte === 32 || byte === 10 || byte === 13 || byte === 9
const isEnd = (byte: number | undefined) =>
  byte === undefined || byte === comma || byte === closeList || byte === closeObject || isSpace(byte)

export class JsonScan {
  readonly bytes: Buffer
  at = 0
  readonly #isObject = new Uint8Array(maxJsonDepth)
  #depth = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  /** Throws JsonFault unless the bytes are one value, and moves the cursor to its start. Call it first. */
  *verify(): Generator<undefined, void> {
    if (!isUtf8(this.bytes)) throw new JsonFault('the body is not valid JSON')
    for (let until = turnBytes; !this.#run(until, { values: 0 }); until = this.at + turnBytes) yield
    this.#space()
    if (this.at !== this.bytes.length) throw new JsonFault('the body is not valid JSON')
    this.at = 0
    this.#space()
  }

  get isObject(): boolean {
    return this.bytes[this.at] === openObject
  }

  get isList(): boolean {
    return this.bytes[this.at] === openList
  }

  /** Enters the list or object at the cursor. */
  enter(): void {
    this.at++
  }

  /** The next key of an object, with the cursor at its value; undefined: the object ended. Long keys are empty. */
  key(): string | undefined {
    this.#separator()
    if (this.bytes[this.at] === closeObject) {
      this.at++
      return undefined
    }
    const from = this.at
    this.#string()
    const key = this.at - from > maxKey ? '' : (JSON.parse(this.bytes.toString('utf8', from, this.at)) as string)
    this.#space()
    this.at++
    this.#space()
    return key
  }

  /** True: the cursor is at the next item of a list. */
  item(): boolean {
    this.#separator()
    if (this.bytes[this.at] !== closeList) return true
    this.at++
    return false
  }

  /** Skips the value at the cursor. Returns the number of values in it, itself included. */
  skip(): number {
    const counted = { values: 0 }
    this.#run(Number.POSITIVE_INFINITY, counted)
    return counted.values
  }

  /** The value at the cursor. Undefined, and skipped, if it has more than `maxValues` values. */
  value(maxValues: number): Readonly<{ value: unknown }> | undefined {
    const from = this.at
    if (this.skip() > maxValues) return undefined
    return { value: JSON.parse(this.bytes.toString('utf8', from, this.at)) as unknown }
  }

  #separator() {
    this.#space()
    if (this.bytes[this.at] !== comma) return
    this.at++
    this.#space()
  }

  #space() {
    while (isSpace(this.bytes[this.at])) this.at++
  }

  /** Resumable. True: the value ended. */
  #run(until: number, counted: { values: number }): boolean {
    const { bytes } = this
    while (this.at < until) {
      this.#space()
      counted.values++
      const first = bytes[this.at]
      if (first === openObject || first === openList) {
        if (this.#depth === maxJsonDepth) throw new JsonFault(`the JSON nests deeper than ${maxJsonDepth} levels`)
        this.#isObject[this.#depth++] = first === openObject ? 1 : 0
        this.at++
        this.#space()
        if (bytes[this.at] !== (first === openObject ? closeObject : closeList)) {
          if (first === openObject) this.#name()
          continue
        }
        this.at++
        this.#depth--
      } else if (first === quote) this.#string()
      else this.#plain(first)
      if (this.#ended()) return true
    }
    return false
  }

  /** After a value: true if the outermost one ended, otherwise the cursor is before the next value. */
  #ended(): boolean {
    for (; this.#depth > 0; this.#depth--) {
      this.#space()
      const next = this.bytes[this.at++]
      const isObject = this.#isObject[this.#depth - 1] === 1
      if (next === comma) {
        if (isObject) {
          this.#space()
          this.#name()
        }
        return false
      }
      if (next !== (isObject ? closeObject : closeList)) throw new JsonFault('the body is not valid JSON')
    }
    return true
  }

  #name() {
    if (this.bytes[this.at] !== quote) throw new JsonFault('the body is not valid JSON')
    this.#string()
    this.#space()
    if (this.bytes[this.at++] !== colon) throw new JsonFault('the body is not valid JSON')
  }

  #string() {
    const { bytes } = this
    let at = this.at + 1
    for (let byte = bytes[at]; byte !== quote; byte = bytes[++at]) {
      if (byte === undefined || byte < 32) throw new JsonFault('the body is not valid JSON')
      if (byte === backslash) at += this.#escape(at + 1)
    }
    this.at = at + 1
  }

  /** Bytes of the escape after the backslash. */
  #escape(at: number): number {
    const { bytes } = this
    const letter = bytes[at]
    if (letter === unicode && /^[0-9a-fA-F]{4}$/.test(bytes.toString('latin1', at + 1, at + 5))) return 5
    if (letter === undefined || !escapes.includes(letter)) throw new JsonFault('the body is not valid JSON')
    return 1
  }

  #plain(first: number | undefined) {
    const { bytes } = this
    const from = this.at
    let to = from
    while (!isEnd(bytes[to])) to++
    const literal = literals.get(first ?? 0)
    const isValid = literal === undefined ? isNumber(bytes, from, to) : literal.equals(bytes.subarray(from, to))
    if (!isValid) throw new JsonFault('the body is not valid JSON')
    this.at = to
  }
}

const maxNumber = 64

function isNumber(bytes: Buffer, from: number, to: number): boolean {
  let digits = from
  while (digits < to && bytes[digits]! >= 48 && bytes[digits]! <= 57) digits++
  if (digits === to && to > from) return bytes[from] !== 48 || to === from + 1
  return to - from <= maxNumber && numberText.test(bytes.toString('latin1', from, to))
}
