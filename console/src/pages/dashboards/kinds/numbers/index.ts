import { loadable } from '../../../../hooks/use-loaded.ts'
import { families, functions } from '../../../../parts/numbers/choices.ts'
import { kindText } from '../../../../parts/dashboards/text.ts'
import type { PanelKind } from '../../../../parts/dashboards/kind.ts'

export const numbers: PanelKind = {
  ...kindText.numbers,
  views: [],
  fieldsOf: () => ['group', 'unit', 'thresholds'],
  groups: ['', 'subject', 'source', 'type'],
  select: { family: families, field: [], function: functions },
  usual: { group: 'subject', select: { family: 'point' } },
  body: loadable(() => import('./panel.tsx')),
}
