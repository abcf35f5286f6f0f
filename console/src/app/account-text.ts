import type { Me } from '../../../src/api/published.ts'
import { appText } from '../text/app.ts'

export function scopeText({ role, namespaces }: Me): string {
  return namespaces === null
    ? role
    : namespaces.length === 0
      ? appText.roleWithoutNamespace(role)
      : appText.roleInNamespaces(role, namespaces.join(', '))
}
