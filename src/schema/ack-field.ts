import { text } from './scalars.ts'

export const ackField = (description: string) =>
  text(
    { description, default: 'journal', example: 'sink:bus' },
    { pattern: /journal|sink:[A-Za-z0-9][A-Za-z0-9_-]{0,62}/, expects: '`journal` or `sink:<id>`' },
  )
