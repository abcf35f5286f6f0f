import { loadable } from '../../../../hooks/use-loaded.ts'
import { kindText } from '../../../../parts/dashboards/text.ts'
import type { PanelKind } from '../../../../parts/dashboards/kind.ts'

export const metric: PanelKind = {
  ...kindText.metric,
  views: ['lines', 'heatmap', 'stat', 'gauge', 'bars', 'table'],
  fieldsOf: ({ view }) => [
    'view',
    'queries',
    'unit',
    ...(view === '' || view === 'lines' ? (['stack'] as const) : []),
    ...(view === 'gauge' || view === 'bars' ? (['bounds'] as const) : []),
    'limit',
    'thresholds',
  ],
  usual: { queries: [{ expr: 'sum(rate(weir_flow_bytes_total[$__rate_interval]))', legend: '' }], limit: 20 },
  body: loadable(() => import('./panel.tsx')),
}
