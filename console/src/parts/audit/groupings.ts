import { auditText } from './text.ts'

export const groupings = ['severity', 'service', 'actor', 'tenant', 'region'] as const
export type Grouping = (typeof groupings)[number]

/** The name of a field in text, as in the titles of the table. */
export function facetName(field: string): string {
  return field === 'severity' ? auditText.outcome.toLowerCase() : field
}
