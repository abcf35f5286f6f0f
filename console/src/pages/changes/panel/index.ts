import { loadable } from '../../../hooks/use-loaded.ts'
import { groupings } from '../groupings.ts'
import { kindText } from '../../../parts/dashboards/text.ts'
import type { PanelKind } from '../../../parts/dashboards/kind.ts'

export const changes: PanelKind = {
  ...kindText.changes,
  views: ['chart', 'list'],
  fieldsOf: ({ view }) => ['view', 'filter', ...(view === 'list' ? (['limit'] as const) : (['group'] as const))],
  names: 'changes',
  table: 'changes',
  groups: groupings,
  select: {
    operation: ['created', 'updated', 'deleted'],
    kind: [],
    namespace: [],
    name: [],
    actor: [],
    cluster: [],
    uid: [],
    noise: ['', 'shown'],
  },
  usual: { group: 'operation', limit: 20 },
  body: loadable(() => import('./panel.tsx')),
}
