/** The text of stages that Loki's tests build by constructors. */
import type { GoExpression } from './go-expressions.ts'
import { isNil, listOf, memberOf, nameOf, numberOf, textOf } from './go-values.ts'

/** Without a backquote a raw text keeps backslashes. */
export function quoted(text: string): string {
  return text.includes('`') ? JSON.stringify(text) : `\`${text}\``
}

const comparisons: Readonly<Record<string, string>> = {
  LabelFilterEqual: '==',
  LabelFilterNotEqual: '!=',
  LabelFilterGreaterThan: '>',
  LabelFilterGreaterThanOrEqual: '>=',
  LabelFilterLesserThan: '<',
  LabelFilterLesserThanOrEqual: '<=',
}
const matches: Readonly<Record<string, string>> = {
  'labels.MatchEqual': '=',
  'labels.MatchNotEqual': '!=',
  'labels.MatchRegexp': '=~',
  'labels.MatchNotRegexp': '!~',
}

/** Text of `labels.MustNewMatcher(…)`. */
export function matcherText(value: GoExpression): string | undefined {
  const [type, name, text] = listOf(value)
  const operator = type === undefined ? undefined : matches[nameOf(type)]
  if (operator === undefined || name === undefined || text === undefined) return undefined
  return `${textOf(name)}${operator}${quoted(textOf(text) ?? '')}`
}

/** Undefined: a filter that no query has. */
export function labelFilterText(value: GoExpression): string | undefined {
  const inner = filterText(value)
  return inner === undefined ? undefined : `| ${inner}`
}

function filterText(value: GoExpression): string | undefined {
  const [first, second, third] = listOf(value)
  switch (nameOf(value)) {
    case 'NewAndLabelFilter':
    case 'NewOrLabelFilter': {
      const [left, right] = [filterText(first!), filterText(second!)]
      if (left === undefined || right === undefined) return undefined
      return `(${left} ${nameOf(value) === 'NewOrLabelFilter' ? 'or' : 'and'} ${right})`
    }
    case 'NewStringLabelFilter':
      return matcherText(first!)
    case 'NewNumericLabelFilter':
    case 'NewDurationLabelFilter':
    case 'NewBytesLabelFilter': {
      const number = numberOf(third!)
      const unit = { NewDurationLabelFilter: 'ns', NewBytesLabelFilter: 'B' }[nameOf(value)] ?? ''
      return number === undefined ? undefined : `${textOf(second!)}${comparisons[nameOf(first!)]}${number}${unit}`
    }
    case 'NewIPLabelFilter':
      return `${textOf(second!)}${nameOf(third!) === 'LabelFilterEqual' ? '=' : '!='}ip(${quoted(textOf(first!)!)})`
    default:
      return undefined
  }
}

/** Text of a name or a matcher of drop and keep. */
export function selection(value: GoExpression): string | undefined {
  const [matcher, name] = [memberOf(value, 'Matcher', 0), memberOf(value, 'Name', 1)]
  if (matcher !== undefined && !isNil(matcher)) return matcherText(matcher)
  return name === undefined ? undefined : textOf(name)
}
