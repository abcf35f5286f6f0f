import { useSyncExternalStore } from 'react'

import { preference, type Preference } from './preference.ts'

export { timeZone, type Preference } from './preference.ts'

export const theme = preference('weir-theme', ['system', 'light', 'dark'])
export type Theme = ReturnType<typeof theme.get>

/** Single-character keys (WCAG 2.1.4); keys with Ctrl are always enabled. */
export const singleKeys = preference('weir-keys', ['on', 'off'])

export const filterForm = preference('weir-filter', ['conditions', 'text'])

export const density = preference('weir-density', ['normal', 'compact', 'large'])

export function usePreference<T extends string>({ on, get }: Preference<T>): T {
  return useSyncExternalStore(on, get)
}
