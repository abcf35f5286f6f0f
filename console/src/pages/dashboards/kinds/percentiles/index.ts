import { loadable } from '../../../../hooks/use-loaded.ts'
import { kindText } from '../../../../parts/dashboards/text.ts'
import { flowSelect } from '../flow-fields.ts'
import type { PanelKind } from '../../../../parts/dashboards/kind.ts'

export const percentiles: PanelKind = {
  ...kindText.percentiles,
  views: [],
  fieldsOf: () => ['filter', 'unit', 'thresholds'],
  names: 'flows',
  table: 'flows',
  select: { of: ['rtt', 'dns_latency', 'bytes', 'packets', 'duration'], ...flowSelect },
  usual: { select: { of: 'rtt' }, unit: 'milliseconds' },
  body: loadable(() => import('./panel.tsx')),
}
