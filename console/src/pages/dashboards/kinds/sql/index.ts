import { loadable } from '../../../../hooks/use-loaded.ts'
import { kindText } from '../../text.ts'
import type { PanelKind } from '../kind.ts'

export const sql: PanelKind = {
  ...kindText.sql,
  views: [],
  fieldsOf: () => ['sql', 'limit'],
  usual: {},
  body: loadable(() => import('./panel.tsx')),
}
