import { isRecord } from '../../model/json.ts'
import type { Labels } from './types.ts'

/** Whether a label selector selects the labels: `{matchLabels, matchExpressions}`. An empty one selects all. */
export function selects(selector: unknown, labels: Labels): boolean {
  if (!isRecord(selector)) return false
  const expressions = selector['matchExpressions']
  return (
    matches(selector['matchLabels'] ?? {}, labels) &&
    (Array.isArray(expressions) ? expressions : []).every(
      (expression) => isRecord(expression) && holds(expression, labels),
    )
  )
}

/** Whether the labels have all values. */
export function matches(values: unknown, labels: Labels): boolean {
  return isRecord(values) && Object.entries(values).every(([name, value]) => labels[name] === value)
}

/** The selector of a service: an empty one selects nothing. */
export function selectsSome(selector: unknown, labels: Labels): boolean {
  return isRecord(selector) && Object.keys(selector).length > 0 && matches(selector, labels)
}

function holds({ key, operator, values }: Readonly<Record<string, unknown>>, labels: Labels) {
  const value = labels[String(key)]
  const isListed = value !== undefined && Array.isArray(values) && values.includes(value)
  switch (operator) {
    case 'In':
      return isListed
    case 'NotIn':
      return !isListed
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    default:
      return false
  }
}
