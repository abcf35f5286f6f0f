/** Light, dark, or what the system says. Kept in this browser: it is the reader's, not the view's. */
export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

const key = 'weir-theme'
const listeners = new Set<() => void>()

export function theme(): Theme {
  return themes.find((each) => each === localStorage.getItem(key)) ?? 'system'
}

export function setTheme(to: Theme): void {
  if (to === 'system') localStorage.removeItem(key)
  else localStorage.setItem(key, to)
  applyTheme()
  for (const listener of listeners) listener()
}

/** The tokens follow `color-scheme`. */
export function applyTheme(): void {
  const chosen = theme()
  document.documentElement.style.colorScheme = chosen === 'system' ? '' : chosen
}

export function onTheme(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}
