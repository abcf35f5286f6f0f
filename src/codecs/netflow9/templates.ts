import { makeLayout, readFields9, type TemplateRecord } from '../templates/layout.ts'

const broken: TemplateRecord = { id: 0, layout: undefined, withdrawn: false, next: 0 }

/** RFC 3954, section 5.2; at least 4 bytes. */
export function readTemplate9(view: DataView, at: number, end: number): TemplateRecord {
  const id = view.getUint16(at)
  const count = view.getUint16(at + 2)
  const next = at + 4 + 4 * count
  if (id < 256 || next > end) return broken
  return { id, layout: makeLayout(readFields9(view, at + 4, count, 0), 0, 'data'), withdrawn: false, next }
}

/** RFC 3954, section 6.1: lengths are in bytes. */
export function readOptionsTemplate9(view: DataView, at: number, end: number): TemplateRecord {
  if (at + 6 > end) return broken
  const id = view.getUint16(at)
  const scopeBytes = view.getUint16(at + 2)
  const optionBytes = view.getUint16(at + 4)
  const next = at + 6 + scopeBytes + optionBytes
  if (id < 256 || next > end || scopeBytes % 4 !== 0 || optionBytes % 4 !== 0) return broken
  const scopes = scopeBytes / 4
  return {
    id,
    layout: makeLayout(readFields9(view, at + 6, scopes + optionBytes / 4, scopes), scopes, 'options'),
    withdrawn: false,
    next,
  }
}
