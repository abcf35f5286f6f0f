import { rowTemplate } from '../../messaging/row-template.ts'
import type { SinkRow } from '../../engine/delivery/rows.ts'

/** Maximum bytes of a routing key in AMQP. */
export const maxKeyLength = 255
const maxWordLength = 120

export function routingKeyOf(template: string): (row: SinkRow) => string {
  const make = rowTemplate(template, word)
  return (row) => make(row).slice(0, maxKeyLength)
}

function word(value: string) {
  return value.slice(0, maxWordLength).replaceAll(/[^A-Za-z0-9_:/@=+-]/g, '_') || '_'
}
