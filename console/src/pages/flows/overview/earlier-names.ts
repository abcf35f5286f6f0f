import { panelsText } from './text.ts'
import type { Earlier } from './state.ts'

export const earlierNames: Readonly<Record<Earlier, string>> = {
  '': 'nothing',
  span: panelsText.thePreviousTimeRange,
  '1h': panelsText.anHourEarlier,
  '1d': panelsText.aDayEarlier,
  '1w': panelsText.aWeekEarlier,
}
