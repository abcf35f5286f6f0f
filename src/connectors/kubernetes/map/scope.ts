import type { ResourceType } from '../client/discovery.ts'

export type Scope = Readonly<{
  /** Empty: all namespaces and cluster-scoped objects. */
  namespaces: readonly string[]
  include: readonly string[]
  exclude: readonly string[]
  events: boolean
  hidden: (kind: string) => boolean
}>

export function selects({ namespaces, include, exclude, events, hidden }: Scope, type: ResourceType): boolean {
  if (namespaces.length > 0 && !type.namespaced) return false
  if (exclude.some((pattern) => matches(pattern, type))) return false
  const included = include.length === 0 || include.some((pattern) => matches(pattern, type))
  if (type.kind === 'Event' && (type.group === '' || type.group === 'events.k8s.io')) return events && included
  const named = include.some((pattern) => pattern !== '*' && matches(pattern, type))
  return included && (named || !hidden(type.group === '' ? type.kind : `${type.kind}.${type.group}`))
}

/** `Kind`, `kinds`, either with `.group`, `*.group` or `*`; case-insensitive. */
function matches(pattern: string, { group, kind, resource }: ResourceType) {
  const dot = pattern.indexOf('.')
  const [name, of] = dot === -1 ? [pattern, undefined] : [pattern.slice(0, dot), pattern.slice(dot + 1)]
  if (of !== undefined && of.toLowerCase() !== group) return false
  return name === '*' || [kind.toLowerCase(), resource].includes(name.toLowerCase())
}
