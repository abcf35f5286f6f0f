import type { Me } from '../api/queries.ts'

/** What somebody may see and do, in words. */
export function scopeText({ role, namespaces }: Me): string {
  return namespaces === null
    ? role
    : namespaces.length === 0
      ? `${role}, of no namespace`
      : `${role}, of ${namespaces.join(', ')} only`
}
