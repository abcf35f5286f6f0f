import { loadable } from '../../../../hooks/use-loaded.ts'
import { kindText } from '../../../../parts/dashboards/text.ts'
import { flowSelect } from '../flow-fields.ts'
import type { PanelKind } from '../../../../parts/dashboards/kind.ts'

export const table: PanelKind = {
  ...kindText.table,
  views: [],
  fieldsOf: () => ['filter', 'limit'],
  names: 'flows',
  table: 'flows',
  select: flowSelect,
  usual: { width: 4 },
  body: loadable(() => import('./panel.tsx')),
}
