import type { SinkRow } from '../engine/delivery/rows.ts'

export const placeholders = ['family', 'type', 'source', 'subject', 'key', 'ref'] as const
type Placeholder = (typeof placeholders)[number]

export function rowTemplate(template: string, safe: (value: string) => string): (row: SinkRow) => string {
  const parts = template.split(/\{([a-z]+)\}/)
  if (parts.length === 1) return () => template
  return (row) =>
    parts.map((part, index) => (index % 2 === 0 ? part : safe(valueOf(row, part as Placeholder) ?? ''))).join('')
}

export function unknownPlaceholder(template: string): string | undefined {
  return (template.match(/\{[^{}]*\}/g) ?? []).find(
    (text) => !(placeholders as readonly string[]).includes(text.slice(1, -1)),
  )
}

function valueOf({ event, family, key }: SinkRow, name: Placeholder): string | undefined {
  switch (name) {
    case 'family':
      return family
    case 'type':
      return event.type
    case 'source':
      return event.source
    case 'subject':
      return event.subject
    case 'key':
      return key
    case 'ref':
      return event.ref
  }
}
