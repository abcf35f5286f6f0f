import { loadable } from '../../../../hooks/use-loaded.ts'
import { kindText } from '../../../../parts/dashboards/text.ts'
import type { PanelKind } from '../../../../parts/dashboards/kind.ts'

export const logs: PanelKind = {
  ...kindText.logs,
  views: [],
  fieldsOf: () => ['queries', 'limit'],
  usual: { queries: [{ expr: '{source=~".+"}', legend: '' }], language: 'logql', width: 4, limit: 50 },
  body: loadable(() => import('./panel.tsx')),
}
