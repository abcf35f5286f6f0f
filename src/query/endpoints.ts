import type { End, QueryField } from './names.ts'

// The first one with a value names the endpoint; every flow has an address.
const parts = ['name', 'owner_name', 'label', 'addr'] as const

function endpointOf(end: End): QueryField & { readonly firstOf: readonly string[] } {
  const firstOf = parts.map((part) => `${end}_${part}`)
  return {
    name: `${end}_endpoint`,
    kind: 'text',
    sql: ({ identifier, addressText }) => {
      const values = firstOf.map(identifier)
      return `coalesce(${[...values.slice(0, -1), addressText(values.at(-1) ?? '')].join(', ')})`
    },
    firstOf,
  }
}

export const endpointFields = { src: endpointOf('src'), dst: endpointOf('dst') } as const

/** `src_endpoint` or `src.endpoint`, in any case. */
export function endpointField(written: string): (typeof endpointFields)[End] | undefined {
  const folded = written.toLowerCase().replace('.', '_')
  return Object.values(endpointFields).find((field) => field.name === folded)
}

/** A field of JSON as its text, for grouping. */
export function jsonText(field: QueryField): QueryField {
  return { name: field.name, kind: 'text', sql: ({ asText, identifier }) => asText(identifier(field.name)) }
}

export function columnsRead(field: QueryField): readonly string[] {
  return endpointField(field.name)?.firstOf ?? [field.name]
}
