import { loadable } from '../../../hooks/use-loaded.ts'
import { lists } from '../../../parts/events/lists.ts'
import { kindText } from '../../../parts/dashboards/text.ts'
import type { PanelKind } from '../../../parts/dashboards/kind.ts'

export const events: PanelKind = {
  ...kindText.events,
  views: ['chart', 'list'],
  fieldsOf: ({ view }) => ['view', 'filter', ...(view === 'list' ? (['limit'] as const) : (['group'] as const))],
  names: 'events',
  table: 'events',
  groups: ['type', 'source', 'family', 'subject', 'level'],
  select: { list: lists, cols: [], sort: ['-time', 'time'] },
  usual: { group: 'type', limit: 20 },
  body: loadable(() => import('./panel.tsx')),
}
