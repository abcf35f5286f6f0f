import { useSyncExternalStore } from 'react'

export type Preference<T extends string> = Readonly<{
  values: readonly T[]
  get: () => T
  set: (to: T) => void
  on: (listener: () => void) => () => void
}>

const all = new Set<() => void>()

function preference<T extends string>(key: string, values: readonly [T, ...T[]]): Preference<T> {
  const [usual] = values
  const listeners = new Set<() => void>()
  let here: string | null = null
  const get = () => values.find((each) => each === (kept(key) ?? here)) ?? usual
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
        /* See above. */
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

export const theme = preference('weir-theme', ['system', 'light', 'dark'])
export type Theme = ReturnType<typeof theme.get>

/** Single-character keys (WCAG 2.1.4); keys with Ctrl are always enabled. */
export const singleKeys = preference('weir-keys', ['on', 'off'])

export const filterForm = preference('weir-filter', ['conditions', 'text'])

/** The zone in which times are shown and read. */
export const timeZone = preference('weir-zone', ['local', 'utc'])

export const density = preference('weir-density', ['normal', 'compact', 'large'])

export function usePreference<T extends string>({ on, get }: Preference<T>): T {
  return useSyncExternalStore(on, get)
}

/** Another tab changed a preference. */
export function readAgain(): void {
  for (const changed of all) changed()
}
