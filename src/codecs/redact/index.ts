/** Finds secrets in texts by names and form; the caller provides the replacement. */
export { redactArguments } from './commands.ts'
export { TextRedactor } from './text.ts'
export { isSecretValue, mark } from './values.ts'
