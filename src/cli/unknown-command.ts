import { nearest } from '../schema/suggest.ts'

/** Verbs of similar programs. */
export const synonyms: Readonly<Record<string, string>> = {
  get: 'resources',
  describe: 'resources',
  list: 'flows',
  ls: 'flows',
  logs: 'events',
  log: 'events',
  watch: 'tap',
  tail: 'tap',
  start: 'run',
  serve: 'run',
  server: 'run',
  up: 'run',
  lint: 'validate',
  sql: 'query',
  select: 'query',
  search: 'investigate',
  find: 'investigate',
  info: 'status',
  ps: 'status',
  lag: 'ledger',
  cost: 'spend',
  costs: 'spend',
  egress: 'transfers',
}

/** Text of commander for an unknown command, without a suggestion that is no likely slip: `test` for `get`. */
export function withSuggestion(text: string, words: Readonly<Record<string, string>> = {}): string {
  const match = /^(error: unknown command '([^']*)')(?:\n\(Did you mean ([^)]*)\?\))?/.exec(text)
  if (match === null) return text
  const [whole, head, written = '', offered] = match
  const near = offered === undefined ? undefined : nearest(written, offered.replace(/^one of /, '').split(', '))
  const meant = Object.hasOwn(words, written) ? words[written] : near
  return `${head}${meant === undefined ? '' : `\n(Did you mean ${meant}?)`}${text.slice(whole.length)}`
}
