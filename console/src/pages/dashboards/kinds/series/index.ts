import { loadable } from '../../../../hooks/use-loaded.ts'
import { kindText } from '../../../../parts/dashboards/text.ts'
import { flowSelect } from '../flow-fields.ts'
import type { PanelKind } from '../../../../parts/dashboards/kind.ts'

export const series: PanelKind = {
  ...kindText.series,
  views: [],
  fieldsOf: () => ['filter', 'group', 'by', 'limit', 'stack', 'thresholds'],
  names: 'flows',
  table: 'flows',
  select: flowSelect,
  usual: {},
  body: loadable(() => import('./panel.tsx')),
}
