export type Preference<T extends string> = Readonly<{
  values: readonly T[]
  get: () => T
  set: (to: T) => void
  on: (listener: () => void) => () => void
}>

const all = new Set<() => void>()

export function preference<T extends string>(key: string, values: readonly [T, ...T[]]): Preference<T> {
  const [usual] = values
  const listeners = new Set<() => void>()
  let here: string | null = null
  const get = () => values.find((candidate) => candidate === (kept(key) ?? here)) ?? usual
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
        /* Without storage, it lasts as long as the page. */
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

/** Another tab changed a preference. */
export function readAgain(): void {
  for (const changed of all) changed()
}

/** The zone in which times are shown and read. */
export const timeZone = preference('weir-zone', ['local', 'utc'])
