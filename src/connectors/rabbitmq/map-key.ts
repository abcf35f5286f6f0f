import { rowTemplate } from '../../messaging/row-template.ts'
import type { SinkRow } from '../../engine/delivery/rows.ts'

/** Bytes of the longest routing key that AMQP can write. */
export const longestKey = 255
/** Longest word that a value becomes. */
const longestWord = 120

/** Makes the routing key of a row; one that came out too long is cut. */
export function routingKeyOf(template: string): (row: SinkRow) => string {
  const make = rowTemplate(template, word)
  return (row) => make(row).slice(0, longestKey)
}

/** A dot would begin another word; the wildcards of bindings, spaces and what not every tool shows are left out, too. */
function word(value: string): string {
  return value.slice(0, longestWord).replaceAll(/[^A-Za-z0-9_:/@=+-]/g, '_') || '_'
}
