import { makeLayout, maxFields, type FieldSpec, type TemplateKind, type TemplateRecord } from '../templates/layout.ts'

const broken: TemplateRecord = { id: 0, layout: undefined, withdrawn: false, next: 0 }
/** As the template id of a withdrawal, it means all of its kind. */
export const templateSet = 2
export const optionsTemplateSet = 3

/** RFC 7011, section 3.4.1; at least 4 bytes. */
export function readTemplate10(view: DataView, at: number, end: number): TemplateRecord {
  return read(view, at, end, 'data')
}

/** RFC 7011, section 3.4.2.2: the first count includes the scope fields. */
export function readOptionsTemplate10(view: DataView, at: number, end: number): TemplateRecord {
  return read(view, at, end, 'options')
}

function read(view: DataView, at: number, end: number, kind: TemplateKind): TemplateRecord {
  const options = kind === 'options'
  const id = view.getUint16(at)
  const count = view.getUint16(at + 2)
  if (count === 0) {
    const withdraws = id >= 256 || id === (options ? optionsTemplateSet : templateSet)
    return withdraws ? { id, layout: undefined, withdrawn: true, next: at + 4 } : broken
  }
  const head = options ? 6 : 4
  if (id < 256 || at + head > end) return broken
  const scopes = options ? view.getUint16(at + 4) : 0
  const fields: FieldSpec[] = []
  let next = at + head
  for (let i = 0; i < count; i++) {
    if (next + 4 > end) return broken
    const first = view.getUint16(next)
    const length = view.getUint16(next + 2)
    next += 4
    let pen = 0
    if (first >= 0x8000) {
      if (next + 4 > end) return broken
      pen = view.getUint32(next)
      next += 4
    }
    if (i < maxFields + 1) fields.push({ pen, id: first & 0x7fff, length })
  }
  return { id, layout: scopes > count ? undefined : makeLayout(fields, scopes, kind), withdrawn: false, next }
}
