import { generalText } from '../text/general.ts'

/** By which a range is moved for a comparison; empty: none. */
export const earlierTimes = ['', '1h', '1d', '1w'] as const
export type EarlierTime = (typeof earlierTimes)[number]

export const earlierSeconds: Readonly<Record<EarlierTime, number>> = { '': 0, '1h': 3600, '1d': 86_400, '1w': 604_800 }

export const earlierTexts: Readonly<Record<EarlierTime, string>> = {
  '': generalText.noComparison,
  '1h': generalText.anHourEarlier,
  '1d': generalText.aDayEarlier,
  '1w': generalText.aWeekEarlier,
}
