import { variable, type Layout } from './layout.ts'

export const chunkRecords = 1024

export interface SetContext {
  /** Unix ms by the exporter's clock. */
  exportTime: number
  /** Exporter uptime in ms, modulo 2^32; NaN if unknown. */
  uptime: number
  received: number
}

export type FieldPlace = Readonly<{
  segment: number
  offset: number
  /** Bytes; undefined if variable: then `segment` indexes `contents` and `lengths`. */
  length: number | undefined
}>

export function placesOf(layout: Layout): readonly FieldPlace[] {
  let segment = 0
  let offset = 0
  return layout.fields.map(({ length }) => {
    if (length === variable) {
      offset = 0
      return { segment: segment++, offset: 0, length: undefined }
    }
    const position = { segment, offset, length }
    offset += length
    return position
  })
}

const scratch = (): Uint32Array => new Uint32Array(chunkRecords)

export class DataSet {
  view: DataView = new DataView(new ArrayBuffer(0))
  bytes: Uint8Array = new Uint8Array(0)
  count = 0
  end = 0
  readonly context: SetContext = { exportTime: 0, uptime: Number.NaN, received: 0 }
  readonly base: Uint32Array[] = [scratch()]
  readonly contents: Uint32Array[] = []
  readonly lengths: Uint32Array[] = []

  read(view: DataView, bytes: Uint8Array): void {
    this.view = view
    this.bytes = bytes
  }

  /** Locates complete records; `this.end` is the start of the first one not located. */
  locate(layout: Layout, at: number, end: number): void {
    if (layout.fixed) this.#fixed(layout.shortest, at, end)
    else this.#varying(layout, at, end)
  }

  gather(from: DataSet, chosen: Uint32Array, count: number): void {
    this.read(from.view, from.bytes)
    this.count = count
    Object.assign(this.context, from.context)
    this.#segments(from.contents.length)
    pick(this.base, from.base, chosen, count)
    pick(this.contents, from.contents, chosen, count)
    pick(this.lengths, from.lengths, chosen, count)
  }

  #fixed(length: number, at: number, end: number) {
    const base = this.base[0]!
    const count = Math.min(Math.floor((end - at) / length), chunkRecords)
    for (let i = 0; i < count; i++) base[i] = at + i * length
    this.count = count
    this.end = at + count * length
  }

  #varying({ fields, shortest }: Layout, at: number, end: number) {
    this.#segments(fields.reduce((sum, { length }) => sum + (length === variable ? 1 : 0), 0))
    const bytes = this.bytes
    let record = 0
    this.end = at
    for (let position = at; record < chunkRecords && end - position >= shortest; record++) {
      let segment = 0
      this.base[0]![record] = position
      for (const field of fields) {
        let length = field.length
        if (length === variable) {
          // One byte, or 255 and two bytes (RFC 7011, section 7).
          length = bytes[position++] ?? 0
          if (length === 255) {
            length = ((bytes[position] ?? 0) << 8) | (bytes[position + 1] ?? 0)
            position += 2
          }
          this.contents[segment]![record] = position
          this.lengths[segment]![record] = length
          this.base[++segment]![record] = position + length
        }
        position += length
        if (position > end) {
          this.count = record
          return
        }
      }
      this.end = position
    }
    this.count = record
  }

  #segments(varying: number) {
    while (this.contents.length < varying) {
      this.base.push(scratch())
      this.contents.push(scratch())
      this.lengths.push(scratch())
    }
  }
}

function pick(into: readonly Uint32Array[], from: readonly Uint32Array[], chosen: Uint32Array, count: number) {
  for (const [index, source] of from.entries()) {
    const target = into[index]!
    for (let i = 0; i < count; i++) target[i] = source[chosen[i]!]!
  }
}
