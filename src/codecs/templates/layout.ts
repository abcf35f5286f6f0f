export type FieldSpec = Readonly<{
  pen: number
  id: number
  /** {@link variable}: each record has its own length. */
  length: number
}>

export const variable = 0xffff

export type Layout = Readonly<{
  text: string
  fields: readonly FieldSpec[]
  scopes: number
  options: boolean
  shortest: number
  fixed: boolean
}>

/** Above any real exporter's. */
export const maxFields = 512

/** v9 numbers scopes separately (RFC 3954, section 6.1). */
export const scopePen = 0x1_0000_0000
export const interfaceScope = 2
export const templateScope = 5

export type TemplateKind = 'data' | 'options'

export function makeLayout(fields: readonly FieldSpec[], scopes: number, kind: TemplateKind): Layout | undefined {
  const options = kind === 'options'
  let shortest = 0
  let fixed = true
  for (const { length } of fields) {
    if (length === variable) fixed = false
    shortest += length === variable ? 1 : length
  }
  if (shortest === 0 || shortest > 0xffff || fields.length > maxFields) return undefined
  const parts = fields.map(({ pen, id, length }) => `${pen}.${id}.${length}`)
  const text = `${options ? `o${scopes}` : 'd'}:${parts.join(',')}`
  return { text, fields, scopes, options, shortest, fixed }
}

export type TemplateRecord = Readonly<{
  id: number
  layout: Layout | undefined
  withdrawn: boolean
  /** 0 if unknown. */
  next: number
}>

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
