import { loadable } from '../../../hooks/use-loaded.ts'
import { kindText } from '../../../parts/dashboards/text.ts'
import type { PanelKind } from '../../../parts/dashboards/kind.ts'

export const resources: PanelKind = {
  ...kindText.resources,
  views: [],
  fieldsOf: () => ['filter', 'limit'],
  names: 'resources',
  table: 'resources',
  select: { kind: [], namespace: [] },
  usual: { limit: 20 },
  body: loadable(() => import('./panel.tsx')),
}
