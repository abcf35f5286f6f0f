import { useSyncExternalStore } from 'react'

/** The width of `@media (max-width: 720px)` in the style sheets. */
const phone = matchMedia('(max-width: 720px)')

export function useIsPhone(): boolean {
  return useSyncExternalStore(onChange, () => phone.matches)
}

function onChange(listener: () => void): () => void {
  phone.addEventListener('change', listener)
  return () => phone.removeEventListener('change', listener)
}
