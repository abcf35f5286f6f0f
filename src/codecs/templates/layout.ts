/** One field of a template: an element and its size in a record. */
export interface FieldSpec {
  /** Enterprise number; 0 is IANA. */
  readonly pen: number
  readonly id: number
  /** Bytes; {@link variable} if each record has its own length. */
  readonly length: number
}

/** Field length of variable fields. */
export const variable = 0xffff

/** The structure of a template's records. Templates with equal text share it. */
export interface Layout {
  readonly text: string
  readonly fields: readonly FieldSpec[]
  /** Number of leading scope fields; only options templates have them. */
  readonly scopes: number
  readonly options: boolean
  /** Bytes of the shortest record, never 0. */
  readonly shortest: number
  /** Every record has the same length. */
  readonly fixed: boolean
}

/** Maximum fields of a template, above any real exporter's. */
export const maxFields = 512

/** v9 numbers scopes separately (RFC 3954, section 6.1); this pseudo-enterprise keeps them apart from elements. */
export const scopePen = 0x1_0000_0000
/** The v9 scope of an interface. */
export const interfaceScope = 2

/** Undefined if no record can have this layout: no field, no bytes, or larger than a datagram. */
export function makeLayout(fields: readonly FieldSpec[], scopes: number, options: boolean): Layout | undefined {
  let shortest = 0
  let fixed = true
  for (const { length } of fields) {
    if (length === variable) fixed = false
    shortest += length === variable ? 1 : length
  }
  if (shortest === 0 || shortest > 0xffff || fields.length > maxFields) return undefined
  const text = `${options ? `o${scopes}` : 'd'}:${fields.map(({ pen, id, length }) => `${pen}.${id}.${length}`).join(',')}`
  return { text, fields, scopes, options, shortest, fixed }
}

/** A template record: a layout, a withdrawal, or an unusable one. */
export interface TemplateRecord {
  readonly id: number
  readonly layout: Layout | undefined
  readonly withdrawn: boolean
  /** Start of the next record; 0 if unknown. */
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
