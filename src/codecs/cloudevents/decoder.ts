import { isUtf8 } from 'node:buffer'
import { dataEncodings } from '../../model/batches.ts'
import {
  attributeLimit,
  badTime,
  checkFamily,
  checkName,
  checkText,
  checkVersion,
  extensionCountLimit,
  familyExtension,
  halfPair,
  keyExtension,
  refExtension,
  timeExtension,
} from './attributes.ts'
import { ColumnsBuilder, slot } from './columns.ts'
import { Fault } from './errors.ts'
import { skipColon, skipSpace, skipString, skipValue, wrong } from './json.ts'
import { isJsonType } from './media.ts'
import { isUsualTime, parseTime } from './time.ts'
import { checkBase64, notThere, plainValue, readText } from './values.ts'

export const eventLimit = 16 * 1024 * 1024

const known = [
  'id',
  'type',
  'time',
  'data',
  'source',
  'subject',
  'dataschema',
  'specversion',
  'data_base64',
  'datacontenttype',
] as const
type Known = (typeof known)[number]
const position = Object.fromEntries(known.map((name, index) => [name, index])) as Record<Known, number>
const knownBytes: readonly Buffer[] = known.map((name) => Buffer.from(name))
/** By length and second byte: no two known names share both. */
const candidates = new Int8Array(16 * 256).fill(-1)
knownBytes.forEach((name, index) => {
  candidates[name.length * 256 + name[1]!] = index
})

const noneEncoding = dataEncodings.indexOf('none')
const jsonEncoding = dataEncodings.indexOf('json')
const textEncoding = dataEncodings.indexOf('text')
const binaryEncoding = dataEncodings.indexOf('binary')
const quote = 0x22

export class Decoder {
  readonly bytes: Buffer
  readonly columns: ColumnsBuilder
  readonly #utf8: boolean
  /** Start of the value of each known attribute; 0: absent. */
  readonly #starts = new Int32Array(known.length)
  readonly #ends = new Int32Array(known.length)
  #extensionText = ''
  #extensionNames: string[] = []
  #family: string | undefined
  #key: string | undefined
  #ref: string | undefined
  readonly #lastStarts = new Int32Array(known.length)
  readonly #lastEnds = new Int32Array(known.length)
  readonly #lastCodes = new Uint32Array(known.length)
  readonly #jsonTypes = new Map<number, boolean>([[0, true]])
  readonly #eventFamily: number

  constructor(body: Uint8Array) {
    this.bytes = Buffer.from(body.buffer, body.byteOffset, body.length)
    this.#utf8 = isUtf8(body)
    this.columns = new ColumnsBuilder(body.length)
    this.#eventFamily = this.columns.dictionary.code('event')
  }

  event(at: number): number {
    const { bytes } = this
    const end = this.#members(at)
    if (end - at > eventLimit) throw new Fault(`the event is larger than ${eventLimit} bytes`, 'too-large')
    if (!this.#utf8 && !isUtf8(bytes.subarray(at, end))) throw new Fault('the event is not UTF-8')
    this.#row()
    return end
  }

  #members(at: number): number {
    const { bytes } = this
    if (bytes[at] !== 0x7b) throw notThere(bytes, at, 'an event is a JSON object')
    this.#starts.fill(0)
    this.#extensionText = ''
    this.#extensionNames = []
    this.#family = this.#key = this.#ref = undefined
    at = skipSpace(bytes, at + 1)
    if (bytes[at] === 0x7d) return at + 1
    for (;;) {
      if (bytes[at] !== quote) throw wrong(bytes, at, 'not a key in quotes')
      const name = at + 1
      const nameEnd = skipString(bytes, name) - 1
      const start = skipColon(bytes, nameEnd + 1)
      at = skipValue(bytes, start)
      const index = this.#which(name, nameEnd)
      if (index < 0) this.#extension(name, nameEnd, start, at)
      else {
        if (this.#starts[index] !== 0) throw new Fault(`${known[index]} occurs twice`)
        this.#starts[index] = start
        this.#ends[index] = at
      }
      at = skipSpace(bytes, at)
      if (bytes[at] === 0x7d) return at + 1
      if (bytes[at] !== 0x2c) throw wrong(bytes, at, 'not "," or "}"')
      at = skipSpace(bytes, at + 1)
    }
  }

  #which(name: number, end: number): number {
    const { bytes } = this
    const length = end - name
    const index = length < 16 ? candidates[length * 256 + bytes[name + 1]!]! : -1
    if (index < 0) return -1
    const wanted = knownBytes[index]!
    for (let i = 0; i < length; i++) if (bytes[name + i] !== wanted[i]) return -1
    return index
  }

  #row() {
    const { bytes, columns } = this
    const { codes } = columns
    this.#version()
    this.#id()
    codes[slot.source] = this.#required('source')
    codes[slot.type] = this.#required('type')
    codes[slot.subject] = this.#code('subject')
    codes[slot.dataschema] = this.#code('dataschema')
    const contentType = (codes[slot.datacontenttype] = this.#code('datacontenttype'))
    codes[slot.family] = this.#family === undefined ? this.#eventFamily : columns.dictionary.code(this.#family)
    codes[slot.key] = this.#key === undefined ? codes[slot.subject]! : columns.dictionary.code(this.#key)
    if (this.#ref !== undefined) codes[slot.ref] = columns.dictionary.code(this.#ref)
    let time = Number.NaN
    const start = this.#present(position.time)
    if (start !== 0) {
      const end = this.#ends[position.time]!
      if (bytes[start] === quote) time = parseTime(bytes, start + 1, end - 1)
      if (Number.isNaN(time)) time = this.#unusualTime()
      if (!isUsualTime(bytes, start + 1, end - 1) && !this.#extensionNames.includes(timeExtension))
        this.#extensionText += `,"${timeExtension}":${JSON.stringify(this.#text(position.time))}`
    }
    if (this.#extensionText !== '')
      codes[slot.extensions] = columns.dictionary.code(`{${this.#extensionText.slice(1)}}`)
    columns.endRow(time, this.#data(contentType))
  }

  /** 0 if absent or null, which are equal. */
  #present(index: number) {
    const start = this.#starts[index]!
    return start !== 0 && this.bytes[start] === 0x6e ? 0 : start
  }

  #unusualTime(): number {
    const text = this.#text(position.time)
    const plain = Buffer.from(text)
    const time = parseTime(plain, 0, plain.length)
    if (Number.isNaN(time)) throw badTime(text)
    return time
  }

  #version() {
    const start = this.#present(position.specversion)
    if (start === 0) throw new Fault('specversion is missing')
    const { bytes } = this
    const usual =
      this.#ends[position.specversion] === start + 5 &&
      bytes[start] === quote &&
      bytes[start + 1] === 0x31 &&
      bytes[start + 2] === 0x2e &&
      bytes[start + 3] === 0x30
    if (!usual) checkVersion(this.#text(position.specversion))
  }

  #id() {
    const start = this.#present(position.id)
    if (start === 0) throw new Fault('id is missing')
    const end = this.#ends[position.id]!
    const { bytes } = this
    let plain = bytes[start] === quote && end - start > 2 && end - start <= attributeLimit
    for (let i = start; plain && i < end; i++) if (bytes[i] === 0x5c) plain = false
    if (plain) this.columns.id.take(bytes, start + 1, end - 1)
    else this.columns.id.takeText(checkText('id', this.#text(position.id)), 'utf8')
  }

  #required(name: 'source' | 'type') {
    const code = this.#code(name)
    if (code === 0) throw new Fault(`${name} is missing`)
    return code
  }

  #code(name: Known): number {
    const index = position[name]
    const start = this.#present(index)
    if (start === 0) return 0
    if (this.#sameAsLast(index, start)) return this.#lastCodes[index]!
    const code = this.columns.dictionary.code(checkText(name, this.#text(index)))
    this.#lastStarts[index] = start
    this.#lastEnds[index] = this.#ends[index]!
    this.#lastCodes[index] = code
    return code
  }

  #sameAsLast(index: number, start: number): boolean {
    const { bytes } = this
    const last = this.#lastStarts[index]!
    const length = this.#ends[index]! - start
    if (last === 0 || this.#lastEnds[index]! - last !== length) return false
    for (let i = 0; i < length; i++) if (bytes[last + i] !== bytes[start + i]) return false
    return true
  }

  #text(index: number) {
    return readText(this.bytes, known[index] as string, this.#starts[index]!, this.#ends[index]!)
  }

  #extension(nameStart: number, nameEnd: number, start: number, end: number) {
    const { bytes } = this
    const name = JSON.parse(bytes.toString('utf8', nameStart - 1, nameEnd + 1)) as string
    checkName(name)
    if (this.#extensionNames.includes(name) || (known as readonly string[]).includes(name))
      throw new Fault(`${name} occurs twice or with escapes`)
    if (this.#extensionNames.push(name) > extensionCountLimit)
      throw new Fault(`the event has more than ${extensionCountLimit} extensions`, 'too-large')
    if (bytes[start] === 0x6e) return
    const isColumn = name === familyExtension || name === refExtension || name === keyExtension
    if (bytes[start] !== quote && !isColumn) {
      this.#extensionText += `,"${name}":${plainValue(bytes, name, start, end)}`
      return
    }
    const value = readText(bytes, name, start, end)
    if (name === familyExtension) this.#family = checkFamily(value)
    else if (name === refExtension) this.#ref = checkText(name, value)
    else {
      if (!value.isWellFormed()) throw halfPair(name)
      if (name === keyExtension) this.#key = checkText(name, value)
      this.#extensionText += `,"${name}":${JSON.stringify(value)}`
    }
  }

  #data(contentType: number): number {
    const { bytes } = this
    const { data } = this.columns
    const base64 = this.#present(position.data_base64)
    const start = this.#starts[position.data]!
    if (base64 !== 0) {
      if (start !== 0) throw new Fault('data and data_base64 exclude each other')
      data.takeText(checkBase64(bytes, base64, this.#ends[position.data_base64]!), 'base64')
      return binaryEncoding
    }
    if (start === 0) {
      data.takeNothing()
      return noneEncoding
    }
    const end = this.#ends[position.data]!
    if (bytes[start] !== quote || this.#isJson(contentType)) {
      data.take(bytes, start, end)
      return jsonEncoding
    }
    data.takeText(JSON.parse(bytes.toString('utf8', start, end)) as string, 'utf8')
    return textEncoding
  }

  #isJson(contentType: number): boolean {
    let answer = this.#jsonTypes.get(contentType)
    if (answer === undefined) {
      answer = isJsonType(this.columns.dictionary.strings[contentType])
      this.#jsonTypes.set(contentType, answer)
    }
    return answer
  }
}
