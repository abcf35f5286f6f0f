import { loadable } from '../../../hooks/use-loaded.ts'
import { kindText } from '../../../parts/dashboards/text.ts'
import type { PanelKind } from '../../../parts/dashboards/kind.ts'

export const insights: PanelKind = {
  ...kindText.insights,
  views: ['severities', 'flaws', 'problems', 'images', 'packages', 'facts'],
  fieldsOf: ({ view }) => ['view', 'filter', ...(view === '' || view === 'severities' ? [] : (['limit'] as const))],
  select: { text: [], image: [], sort: ['', 'severity', 'priority', 'epss'] },
  usual: { limit: 20 },
  body: loadable(() => import('./panel.tsx')),
}
