import { theme } from '../state/preferences.ts'

/** For what is drawn by script, and so has to be drawn again in other colours. */
export const onTheme = theme.on
