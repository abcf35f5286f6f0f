export { redactArguments } from './commands.ts'
export { TextRedactor } from './text.ts'
export { isSecretValue, mark } from './values.ts'
export { redactField, redactFields } from './fields.ts'
