import type { FlowBatch } from '../../model/batches.ts'
import { numberOf, type NumberOf } from './fields.ts'
import { variable, type Element } from './relay-elements.ts'
import { relayFields, type RelayField } from './relay-fields.ts'
import { firstRelayTemplate, templateSet } from './templates.ts'

/** Distinct sets of present elements; a network has some dozens. */
const mostTemplates = 4096

/** Sent before the first flow, so that a collector without a listener is noticed. */
const usualElements: readonly Element[] = [
  [8, 4],
  [12, 4],
  [4, 1],
  [7, 2],
  [11, 2],
  [1, 8],
  [2, 8],
  [152, 8],
  [153, 8],
].map(([id = 0, bytes = 0]) => ({ id, bytes }))

type RelayTemplate = Readonly<{
  id: number
  fields: readonly RelayField[]
  fixed: number
  varying: readonly RelayField[]
}>

/** Template ids by their elements. `announced` grows with each new one. */
export class RelayTemplates {
  readonly announced: Uint8Array[] = []
  readonly #ids = new Map<string, number>()
  readonly #message: (set: Uint8Array) => Uint8Array
  #next = firstRelayTemplate

  constructor(message: (set: Uint8Array) => Uint8Array) {
    this.#message = message
    this.id(usualElements)
  }

  id(fields: readonly Element[]): number {
    const key = fields.map(({ id, bytes, pen = 0 }) => `${pen}.${id}.${bytes}`).join()
    const existing = this.#ids.get(key)
    if (existing !== undefined) return existing
    if (this.#ids.size >= mostTemplates) {
      this.#ids.clear()
      this.announced.length = 0
    }
    const id = this.#next
    this.#next = id === 0xffff ? firstRelayTemplate : id + 1
    this.#ids.set(key, id)
    this.announced.push(this.#message(templateSet(id, fields)))
    return id
  }
}

/** Records with the elements that a flow has, and no others. */
export class RelayWriter {
  readonly #fields: readonly RelayField[]
  readonly #templates: RelayTemplates
  readonly #known = new Map<string, RelayTemplate>()
  readonly #rate: NumberOf
  readonly #words: Uint32Array
  readonly #last: Uint32Array
  #at = -1
  #template: RelayTemplate | undefined

  constructor(batch: FlowBatch, pen: number, received: number, templates: RelayTemplates) {
    this.#fields = relayFields(batch, pen, received)
    this.#templates = templates
    this.#rate = numberOf(batch.columns['sampling'])
    this.#words = new Uint32Array((this.#fields.length + 31) >> 5)
    this.#last = new Uint32Array(this.#words.length)
  }

  rate(row: number): number {
    return Math.max(1, this.#rate(row))
  }

  template(row: number): number {
    return this.#of(row).id
  }

  size(row: number): number {
    const { fixed, varying } = this.#of(row)
    let size = fixed
    for (const field of varying) size += field.size?.(row) ?? 0
    return size
  }

  write(view: DataView, bytes: Uint8Array, start: number, row: number): number {
    let at = start
    for (const field of this.#of(row).fields) at = field.write(view, bytes, at, row)
    return at
  }

  /** Neighbours mostly have the same elements. */
  #of(row: number): RelayTemplate {
    if (row === this.#at && this.#template !== undefined) return this.#template
    this.#at = row
    const words = this.#words.fill(0)
    for (const [index, field] of this.#fields.entries())
      if (field.has(row)) words[index >> 5] = words[index >> 5]! | (1 << (index & 31))
    if (this.#template !== undefined && words.every((word, at) => word === this.#last[at])) return this.#template
    this.#last.set(words)
    const key = words.join()
    let existing = this.#known.get(key)
    if (existing === undefined) {
      const fields = this.#fields.filter((_, index) => (words[index >> 5]! & (1 << (index & 31))) !== 0)
      const varying = fields.filter(({ bytes }) => bytes === variable)
      const fixed = fields.reduce((sum, { bytes }) => (bytes === variable ? sum : sum + bytes), 0)
      existing = { id: this.#templates.id(fields), fields, fixed, varying }
      this.#known.set(key, existing)
    }
    this.#template = existing
    return existing
  }
}
