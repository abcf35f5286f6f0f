import { RE2JS } from 're2js'
import { messageOf } from '../../model/errors.ts'
import { regexProblem } from '../regex.ts'
import { syntaxError } from './failure.ts'
import type { LabelSet } from './labels.ts'

export type MatchOperator = '=' | '!=' | '=~' | '!~'

export type Matcher = Readonly<{
  name: string
  operator: MatchOperator
  value: string
  /** An absent label is the empty text. */
  matches: (text: string) => boolean
}>

const maxRemembered = 10_000

export function matcherOf(name: string, operator: MatchOperator, value: string): Matcher {
  return { name, operator, value, matches: testOf(operator, value) }
}

function testOf(operator: MatchOperator, value: string): (text: string) => boolean {
  if (operator === '=') return (text) => text === value
  if (operator === '!=') return (text) => text !== value
  const whole = wholeMatch(value)
  return operator === '=~' ? whole : (text) => !whole(text)
}

/** Match of the whole text; the dot matches line breaks. */
function wholeMatch(pattern: string): (text: string) => boolean {
  const compiled = compileRegex(pattern, RE2JS.DOTALL)
  const cache = new Map<string, boolean>()
  return (text) => {
    const before = cache.get(text)
    if (before !== undefined) return before
    const now = compiled.matcher(text).matches()
    if (cache.size < maxRemembered) cache.set(text, now)
    return now
  }
}

export function compileRegex(pattern: string, flags = 0): RE2JS {
  // Filters of Weir have no named groups.
  const problem = regexProblem(pattern.replace(/(?<!\\)\(\?P?<\w+>/g, '('))
  if (problem !== undefined)
    throw syntaxError(`the regular expression ${JSON.stringify(pattern)} is not valid: ${problem}`)
  try {
    return RE2JS.compile(pattern, flags)
  } catch (error) {
    throw syntaxError(`the regular expression ${JSON.stringify(pattern)} is not valid: ${messageOf(error)}`)
  }
}

export function matchesAll(labels: LabelSet, matchers: readonly Matcher[]): boolean {
  return matchers.every(({ name, matches }) => matches(labels.get(name)))
}
