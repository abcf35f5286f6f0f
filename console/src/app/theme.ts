import { theme } from '../state/preferences.ts'

export const onTheme = theme.on
