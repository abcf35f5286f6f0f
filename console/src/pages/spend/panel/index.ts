import { loadable } from '../../../hooks/use-loaded.ts'
import { filters, groups, spans } from '../days.ts'
import { kindText } from '../../../parts/dashboards/text.ts'
import type { PanelKind } from '../../../parts/dashboards/kind.ts'
import { transferGroups } from '../transfer-groups.ts'

const grouped = ['group', 'limit'] as const

export const spend: PanelKind = {
  ...kindText.spend,
  views: ['chart', 'table', 'stat', 'treemap', 'movers', 'outlook', 'allocation', 'transfers'],
  fieldsOf: ({ view }) => [
    'view',
    ...(view === 'transfers'
      ? (['limit'] as const)
      : view === 'stat' || view === 'outlook' || view === 'allocation'
        ? []
        : grouped),
  ],
  groups,
  select: {
    span: spans,
    tag: [],
    tags: [],
    transfers: transferGroups,
    ...Object.fromEntries(filters.map((name) => [name, []])),
  },
  usual: { group: 'service', limit: 8 },
  body: loadable(() => import('./panel.tsx')),
}
