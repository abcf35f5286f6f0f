import { rowTemplate } from '../../messaging/row-template.ts'
import type { SinkRow } from '../../engine/delivery/rows.ts'

/** Longest token that a value becomes; a subject must fit into a line of the protocol. */
const longestToken = 120

/** Makes the subject of a row from a template such as `weir.{family}.{type}`. */
export function subjectOf(template: string): (row: SinkRow) => string {
  return rowTemplate(template, token)
}

/** What a stream must listen to so that it takes every subject of the template: `weir.>` for `weir.{family}.{type}`. */
export function wildcardOf(template: string): string {
  const tokens = template.split('.')
  const first = tokens.findIndex((part) => part.includes('{'))
  return first < 0 ? template : [...tokens.slice(0, first), '>'].join('.')
}

/** One token: a dot would begin another, wildcards and spaces are forbidden, and the rest is kept to what every tool shows. */
function token(value: string): string {
  return value.slice(0, longestToken).replaceAll(/[^A-Za-z0-9_:/@=+-]/g, '_') || '_'
}
