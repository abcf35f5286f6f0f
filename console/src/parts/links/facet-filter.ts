import { allOf, literal } from '../filter-text.ts'

/** The text of a filter and the chosen values of fields as one filter. */
export function facetFilter(q: string, facets: Readonly<Record<string, readonly string[]>>): string {
  const conditions = Object.entries(facets).flatMap(([field, values]) =>
    values.length === 0 ? [] : [`${field} in (${values.map(literal).join(', ')})`],
  )
  return allOf([q, ...conditions])
}
