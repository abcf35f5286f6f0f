import { readAgain } from './preference.ts'
import { density, theme } from './preferences.ts'

/** Applies preferences now and when another tab changes them. Styles follow `color-scheme`. */
export function applyPreferences(): void {
  const apply = () => {
    const { style, dataset } = document.documentElement
    style.colorScheme = theme.get() === 'system' ? '' : theme.get()
    dataset['density'] = density.get()
  }
  theme.on(apply)
  density.on(apply)
  addEventListener('storage', readAgain)
  apply()
}
