import { rowTemplate } from '../../messaging/row-template.ts'
import type { SinkRow } from '../../engine/delivery/rows.ts'

/** A subject must fit into a protocol line. */
const maxTokenLength = 120

export function subjectOf(template: string): (row: SinkRow) => string {
  return rowTemplate(template, token)
}

/** `weir.>` for `weir.{family}.{type}`. */
export function wildcardOf(template: string): string {
  const tokens = template.split('.')
  const first = tokens.findIndex((part) => part.includes('{'))
  return first < 0 ? template : [...tokens.slice(0, first), '>'].join('.')
}

function token(value: string) {
  return value.slice(0, maxTokenLength).replaceAll(/[^A-Za-z0-9_:/@=+-]/g, '_') || '_'
}
