import { loadable } from '../../../../hooks/use-loaded.ts'
import { kindText } from '../../text.ts'
import type { PanelKind } from '../kind.ts'

export const text: PanelKind = {
  ...kindText.text,
  views: [],
  fieldsOf: () => ['text'],
  usual: { width: 4 },
  body: loadable(() => import('./panel.tsx')),
}
