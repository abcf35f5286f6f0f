import { loadable } from '../../../../hooks/use-loaded.ts'
import { kindText } from '../../../../parts/dashboards/text.ts'
import type { PanelKind } from '../../../../parts/dashboards/kind.ts'

export const sql: PanelKind = {
  ...kindText.sql,
  views: [],
  fieldsOf: () => ['sql', 'limit'],
  usual: {},
  body: loadable(() => import('./panel.tsx')),
}
