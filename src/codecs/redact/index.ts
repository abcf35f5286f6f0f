/** Finds secrets in texts by names and form; the caller provides the replacement. */
export { redactArguments } from './commands.ts'
export { suspicionOf, type Suspicion } from './names.ts'
export type { Mask } from './shapes.ts'
export { TextRedactor } from './text.ts'
export { isSecretValue, looksRandom, mark } from './values.ts'
