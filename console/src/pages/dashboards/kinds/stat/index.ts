import { loadable } from '../../../../hooks/use-loaded.ts'
import { kindText } from '../../../../parts/dashboards/text.ts'
import { flowSelect } from '../flow-fields.ts'
import type { PanelKind } from '../../../../parts/dashboards/kind.ts'

export const stat: PanelKind = {
  ...kindText.stat,
  views: [],
  fieldsOf: () => ['filter', 'by', 'unit', 'thresholds'],
  names: 'flows',
  table: 'flows',
  select: flowSelect,
  usual: { width: 1 },
  body: loadable(() => import('./panel.tsx')),
}
