import type { SinkRow } from '../../engine/rows.ts'

export const placeholders = ['family', 'type', 'source', 'subject', 'key', 'ref'] as const
type Placeholder = (typeof placeholders)[number]

/** Longest token that a value becomes; a subject must fit into a line of the protocol. */
const longestToken = 120

/** Makes the subject of a row from a template such as `weir.{family}.{type}`. */
export function subjectOf(template: string): (row: SinkRow) => string {
  const parts = template.split(/\{([a-z]+)\}/)
  return (row) => parts.map((part, index) => (index % 2 === 0 ? part : token(valueOf(row, part as Placeholder)))).join('')
}

export function unknownPlaceholder(template: string): string | undefined {
  return (template.match(/\{[^{}]*\}/g) ?? []).find((found) => !(placeholders as readonly string[]).includes(found.slice(1, -1)))
}

/** What a stream must listen to so that it takes every subject of the template: `weir.>` for `weir.{family}.{type}`. */
export function wildcardOf(template: string): string {
  const tokens = template.split('.')
  const first = tokens.findIndex((part) => part.includes('{'))
  return first < 0 ? template : [...tokens.slice(0, first), '>'].join('.')
}

function valueOf({ event, family, key }: SinkRow, name: Placeholder): string | undefined {
  switch (name) {
    case 'family': return family
    case 'type': return event.type
    case 'source': return event.source
    case 'subject': return event.subject
    case 'key': return key
    case 'ref': return event.ref
  }
}

/** One token: a dot would begin another, wildcards and spaces are forbidden, and the rest is kept to what every tool shows. */
function token(value: string | undefined): string {
  return (value ?? '').slice(0, longestToken).replaceAll(/[^A-Za-z0-9_:/@=+-]/g, '_') || '_'
}
