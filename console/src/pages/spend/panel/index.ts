import { loadable } from '../../../hooks/use-loaded.ts'
import { filters, groups, spans } from '../days.ts'
import { kindText } from '../../../parts/dashboards/text.ts'
import type { PanelKind } from '../../../parts/dashboards/kind.ts'

export const spend: PanelKind = {
  ...kindText.spend,
  views: ['chart', 'table', 'stat'],
  fieldsOf: ({ view }) => ['view', ...(view === 'stat' ? [] : (['group', 'limit'] as const))],
  groups,
  select: { span: spans, tag: [], tags: [], ...Object.fromEntries(filters.map((name) => [name, []])) },
  usual: { group: 'service', limit: 8 },
  body: loadable(() => import('./panel.tsx')),
}
