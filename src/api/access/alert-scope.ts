import type { AlertRule, FilterRule } from '../../alerts/index.ts'
import { rowTables, type Expression } from '../../query/index.ts'
import type { Principal } from './principal.ts'

/**
 * Whether an alert is about rows that the user may read: its filter and its labels name a permitted namespace for
 * every end. Everything else reads more than that, and is hidden.
 */
export function mayReadAlert(
  { namespaces, peers }: Principal,
  rule: AlertRule,
  labels: Readonly<Record<string, string>>,
): boolean {
  if (namespaces === undefined) return true
  if (rule.is === 'sql' || rule.view === 'events' || rule.view === 'audit') return false
  const permitted = (field: string): boolean => {
    const label = rule.by.some(({ name }) => name === field) ? labels[field] : undefined
    return label === undefined ? isPinned(rule, rule.filter, field, namespaces) : namespaces.includes(label)
  }
  if (rule.view === 'changes') return permitted('namespace')
  const ends = ['src_namespace', 'dst_namespace']
  return peers === 'shown' ? ends.some(permitted) : ends.every(permitted)
}

/** Every row has one of these values: a test that all rows must pass says so. */
function isPinned(rule: FilterRule, filter: Expression, field: string, namespaces: readonly string[]): boolean {
  if (filter.is === 'and') return filter.parts.some((part) => isPinned(rule, part, field, namespaces))
  if (filter.is !== 'test' || filter.operator !== '=' || filter.subject.end !== undefined) return false
  if (rowTables[rule.view].resolve(filter.subject.name) !== field) return false
  return filter.values.every(
    (value) => value.is === 'literal' && (value.quoted || !value.text.includes('*')) && namespaces.includes(value.text),
  )
}
