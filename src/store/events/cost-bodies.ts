/**
 * Columns of costs from the bytes of bodies. Most values repeat those of the row before and are only compared: parsing
 * each body cost as much as storing it.
 */
import { dataEncodings, type EventBatch } from '../../model/batches.ts'
import { costColumns, costFieldsOf, costMembers } from '../../model/cost-columns.ts'
import { cloudTypes } from '../../model/cloud.ts'
import type { DictionaryBuilder } from '../../model/dictionary.ts'
import { eventAt } from '../../model/events.ts'
import { parsedJson } from '../../model/json.ts'

const [quote, backslash, comma, colon, openObject, closeObject, n] = [0x22, 0x5c, 0x2c, 0x3a, 0x7b, 0x7d, 0x6e]
const json = dataEncodings.indexOf('json')
const columnOf = new Map(costColumns.map((name, index) => [costMembers[name] as string, index]))
const unusual = -1

/** A member of the row before at the same place. `from` and `to`: its value in the bytes. */
interface Member {
  name: Uint8Array
  column: number | undefined
  from: number
  to: number
  code: number
}

export class CostBodies {
  readonly #batch: EventBatch
  readonly #words: DictionaryBuilder
  readonly #bytes: Buffer
  readonly #members: Member[] = []
  readonly #row = new Uint32Array(costColumns.length)
  /** Whether the text that was read last has an escape. */
  #escaped = false

  constructor(batch: EventBatch, words: DictionaryBuilder) {
    this.#batch = batch
    this.#words = words
    const { bytes } = batch.data
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  /** Codes of the columns; 0 without a value. Valid until the next call. */
  codes(row: number): Uint32Array {
    const { type, dictionary, encoding, data } = this.#batch
    this.#row.fill(0)
    if (dictionary[type[row]!] !== cloudTypes.cost || encoding[row] !== json) return this.#row
    if (!this.#read(data.offsets[row]!, data.offsets[row + 1]!)) this.#parse(row)
    return this.#row
  }

  #parse(row: number): void {
    this.#row.fill(0)
    const fields = costFieldsOf(eventAt(this.#batch, row)) ?? {}
    for (const [index, name] of costColumns.entries()) this.#row[index] = this.#words.code(fields[name])
  }

  /** False for all but a flat object of texts and nulls without blanks. */
  #read(from: number, end: number): boolean {
    const bytes = this.#bytes
    if (bytes[from] !== openObject || bytes[end - 1] !== closeObject) return false
    let at = from
    for (let position = 0; ; position++) {
      if (bytes[at] !== (position === 0 ? openObject : comma)) return bytes[at] === closeObject && at === end - 1
      at = this.#member(position, at + 1, end)
      if (at === unusual) return false
    }
  }

  /** Reads `"name":value`. Returns the end. */
  #member(position: number, from: number, end: number): number {
    const bytes = this.#bytes
    const before = this.#members[position]
    const isSame = before !== undefined && this.#same(before.name, from)
    const afterName = isSame ? from + before.name.length : this.#textEnd(from, end)
    if (afterName === unusual || bytes[afterName] !== colon || (!isSame && this.#escaped)) return unusual
    const name = isSame ? before.name : bytes.subarray(from, afterName)
    const column = isSame ? before.column : columnOf.get(bytes.toString('latin1', from + 1, afterName - 1))
    const at = afterName + 1
    if (bytes[at] === n) {
      if (bytes.toString('latin1', at, at + 4) !== 'null') return unusual
      if (column !== undefined) this.#row[column] = 0
      this.#members[position] = { name, column, from: 0, to: 0, code: 0 }
      return at + 4
    }
    const to = this.#textEnd(at, end)
    if (to === unusual) return unusual
    if (column === undefined) {
      if (!isSame) this.#members[position] = { name, column, from: 0, to: 0, code: 0 }
      return this.#escaped ? unusual : to
    }
    const same = isSame && before.to - before.from === to - at && this.#equal(before.from, at, to)
    const text = same ? undefined : this.#text(at, to)
    if (!same && text === undefined) return unusual
    const code = same ? before.code : this.#words.code(text)
    this.#row[column] = code
    if (isSame) [before.from, before.to, before.code] = [at, to, code]
    else this.#members[position] = { name, column, from: at, to, code }
    return to
  }

  #text(from: number, to: number): string | undefined {
    if (!this.#escaped) return this.#bytes.toString('utf8', from + 1, to - 1)
    const value = parsedJson(this.#bytes.toString('utf8', from, to))
    return typeof value === 'string' ? value : undefined
  }

  /** After the closing quote. */
  #textEnd(from: number, end: number): number {
    const bytes = this.#bytes
    this.#escaped = false
    if (bytes[from] !== quote) return unusual
    for (let at = from + 1; at < end; at++) {
      const byte = bytes[at]!
      if (byte === quote) return at + 1
      if (byte < 0x20) return unusual
      if (byte !== backslash) continue
      this.#escaped = true
      at++
    }
    return unusual
  }

  #same(name: Uint8Array, from: number): boolean {
    for (let at = 0; at < name.length; at++) if (name[at] !== this.#bytes[from + at]) return false
    return true
  }

  #equal(before: number, from: number, to: number): boolean {
    const bytes = this.#bytes
    for (let at = from; at < to; at++) if (bytes[before + at - from] !== bytes[at]) return false
    return true
  }
}
