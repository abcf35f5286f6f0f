import { loadable } from '../../../../hooks/use-loaded.ts'
import { groups, spans } from '../../../../parts/spend/days.ts'
import { kindText } from '../../text.ts'
import type { PanelKind } from '../kind.ts'

export const spend: PanelKind = {
  ...kindText.spend,
  views: ['chart', 'table', 'stat'],
  fieldsOf: ({ view }) => ['view', ...(view === 'stat' ? [] : (['group', 'limit'] as const))],
  groups,
  select: { span: spans, tag: [], provider: [], account: [], service: [], region: [], resource: [] },
  usual: { group: 'service', limit: 8 },
  body: loadable(() => import('./panel.tsx')),
}
