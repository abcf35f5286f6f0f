import { loadable } from '../../../hooks/use-loaded.ts'
import { order } from '../../../parts/alerts/words.ts'
import { kindText } from '../../../parts/dashboards/text.ts'
import type { PanelKind } from '../../../parts/dashboards/kind.ts'

export const alerts: PanelKind = {
  ...kindText.alerts,
  views: [],
  fieldsOf: () => ['limit'],
  select: { rule: [], state: order, severity: [] },
  usual: { limit: 20 },
  body: loadable(() => import('./panel.tsx')),
}
