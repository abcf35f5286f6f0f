import { earlierTexts } from '../../../parts/earlier.ts'
import { panelsText } from './text.ts'
import type { Earlier } from './state.ts'

export const earlierNames: Readonly<Record<Earlier, string>> = {
  ...earlierTexts,
  span: panelsText.thePreviousTimeRange,
}
