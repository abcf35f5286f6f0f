/** What is the reader's, not the view's: kept in this browser, the same in all its tabs, and in no address. */
import { useSyncExternalStore } from 'react'

export interface Preference<T extends string> {
  readonly values: readonly T[]
  readonly get: () => T
  readonly set: (to: T) => void
  readonly on: (listener: () => void) => () => void
}

const all = new Set<() => void>()

function preference<T extends string>(key: string, values: readonly [T, ...T[]]): Preference<T> {
  const [usual] = values
  const listeners = new Set<() => void>()
  // A browser may keep nothing for this page; then it lasts as long as the page.
  let here: string | null = null
  const get = (): T => values.find((each) => each === (kept(key) ?? here)) ?? usual
  all.add(() => {
    for (const listener of listeners) listener()
  })
  return {
    values,
    get,
    set(to) {
      here = to
      try {
        if (to === usual) localStorage.removeItem(key)
        else localStorage.setItem(key, to)
      } catch {
        /* see above */
      }
      for (const listener of listeners) listener()
    },
    on(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

function kept(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

/** Light, dark, or what the system says. */
export const theme = preference('weir-theme', ['system', 'light', 'dark'])
export type Theme = ReturnType<typeof theme.get>

/** Do single letters and signs do something (WCAG 2.1.4)? Those with Ctrl always do. */
export const singleKeys = preference('weir-keys', ['on', 'off'])

/** How high the rows of tables are. */
export const density = preference('weir-density', ['normal', 'compact', 'large'])

export function usePreference<T extends string>({ on, get }: Preference<T>): T {
  return useSyncExternalStore(on, get)
}

/** Makes the page look as is preferred, now and when another tab changes it. The tokens of the styles follow `color-scheme`. */
export function applyPreferences(): void {
  const apply = (): void => {
    const { style, dataset } = document.documentElement
    style.colorScheme = theme.get() === 'system' ? '' : theme.get()
    dataset['density'] = density.get()
  }
  theme.on(apply)
  density.on(apply)
  addEventListener('storage', () => {
    for (const changed of all) changed()
  })
  apply()
}
