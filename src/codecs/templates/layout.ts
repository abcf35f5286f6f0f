/** One field of a template: an element and how many bytes it takes in a record. */
export interface FieldSpec {
  /** Enterprise number; 0 is IANA. */
  readonly pen: number
  readonly id: number
  /** Bytes; {@link variable} when each record says. */
  readonly length: number
}

/** Field length that means: each record says. */
export const variable = 0xffff

/** What a template says about its records. Two templates with the same text have the same records. */
export interface Layout {
  readonly text: string
  readonly fields: readonly FieldSpec[]
  /** The first so many fields are the scope; only options templates have one. */
  readonly scopes: number
  readonly options: boolean
  /** Bytes of the shortest record, never 0. */
  readonly shortest: number
  /** Every record has the same length. */
  readonly fixed: boolean
}

/** A template with more fields than this is no template of a real exporter. */
export const mostFields = 512

/** v9 counts scopes by types of its own (RFC 3954, section 6.1); they are kept apart from elements under this number. */
export const scopePen = 0x1_0000_0000
/** The v9 scope that means an interface. */
export const interfaceScope = 2

/** Undefined when no record can have this layout: no field, none that takes bytes, or more than a datagram holds. */
export function makeLayout(fields: readonly FieldSpec[], scopes: number, options: boolean): Layout | undefined {
  let shortest = 0
  let fixed = true
  for (const { length } of fields) {
    if (length === variable) fixed = false
    shortest += length === variable ? 1 : length
  }
  if (shortest === 0 || shortest > 0xffff || fields.length > mostFields) return undefined
  const text = `${options ? `o${scopes}` : 'd'}:${fields.map(({ pen, id, length }) => `${pen}.${id}.${length}`).join(',')}`
  return { text, fields, scopes, options, shortest, fixed }
}

/** What a template record says: a layout, that the template is withdrawn, or nothing that can be used. */
export interface TemplateRecord {
  readonly id: number
  readonly layout: Layout | undefined
  readonly withdrawn: boolean
  /** Where the next record begins; 0 when that cannot be known. */
  readonly next: number
}

/** Reads NetFlow v9 field specifiers, each {type, length}. */
export function readFields9(view: DataView, at: number, count: number, scopes: number): FieldSpec[] {
  const fields: FieldSpec[] = []
  for (let i = 0; i < count; i++) {
    fields.push({
      pen: i < scopes ? scopePen : 0,
      id: view.getUint16(at + 4 * i),
      length: view.getUint16(at + 4 * i + 2),
    })
  }
  return fields
}
