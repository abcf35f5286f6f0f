import { useEffect, useState, type ComponentType } from 'react'

/** A component in a separate chunk. `view` is set when it is loaded. */
export interface Loadable<Props> {
  view?: ComponentType<Props>
  readonly load: () => Promise<ComponentType<Props>>
}

export function loadable<Props>(load: () => Promise<{ readonly default: ComponentType<Props> }>): Loadable<Props> {
  const made: Loadable<Props> = { load: async () => (made.view ??= (await load()).default) }
  return made
}

/** React's `lazy` would show its fallback for at least 300 ms. Throws load errors. */
export function useLoaded<Props>(shown: Loadable<Props> | undefined): ComponentType<Props> | undefined {
  const [loaded, setLoaded] = useState<Readonly<{ of?: Loadable<Props>; error?: Error }>>({})
  useEffect(() => {
    let gone = false
    if (shown?.view === undefined)
      shown?.load().then(
        () => {
          if (!gone) setLoaded({ of: shown })
        },
        (error: unknown) => {
          if (!gone) setLoaded({ of: shown, error: error instanceof Error ? error : new Error(String(error)) })
        },
      )
    return () => {
      gone = true
    }
  }, [shown])
  if (loaded.of === shown && loaded.error !== undefined) throw loaded.error
  return shown?.view
}
