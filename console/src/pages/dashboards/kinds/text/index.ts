import { loadable } from '../../../../hooks/use-loaded.ts'
import { kindText } from '../../../../parts/dashboards/text.ts'
import type { PanelKind } from '../../../../parts/dashboards/kind.ts'

export const text: PanelKind = {
  ...kindText.text,
  views: [],
  fieldsOf: () => ['text'],
  usual: { width: 4 },
  body: loadable(() => import('./panel.tsx')),
}
