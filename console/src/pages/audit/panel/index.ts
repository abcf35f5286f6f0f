import { loadable } from '../../../hooks/use-loaded.ts'
import { facetName, groupings } from '../../../parts/audit/groupings.ts'
import { kindText } from '../../../parts/dashboards/text.ts'
import type { PanelKind } from '../../../parts/dashboards/kind.ts'

export const audit: PanelKind = {
  ...kindText.audit,
  views: ['chart', 'list', 'first_seen', 'logins'],
  fieldsOf: ({ view }) => [
    'view',
    'filter',
    ...(view === 'list' ? (['limit'] as const) : []),
    ...(view === '' || view === 'chart' ? (['group'] as const) : []),
  ],
  names: 'audit',
  table: 'audit',
  groups: groupings,
  select: {
    severity: ['normal', 'warning', 'incident'],
    actor: [],
    action: [],
    service: [],
    address: [],
    resource: [],
    tenant: [],
    region: [],
  },
  selectLabel: facetName,
  usual: { group: 'severity', limit: 20 },
  body: loadable(() => import('./panel.tsx')),
}
