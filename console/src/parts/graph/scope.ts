import { literal } from '../filter-text.ts'
import type { Scope } from './scopes.ts'
import { topologyText } from './text.ts'

type ScopeParts = Readonly<{
  title: string
  parts: readonly string[]
  group: readonly string[]
  finer: Scope
}>

export const scopeParts: Readonly<Record<Scope, ScopeParts>> = {
  workload: {
    title: topologyText.workloads,
    parts: ['owner_name', 'name', 'label', 'addr', 'namespace'],
    group: ['namespace', 'label'],
    finer: 'endpoint',
  },
  endpoint: {
    title: topologyText.endpoints,
    parts: ['name', 'owner_name', 'label', 'addr', 'namespace'],
    group: ['namespace', 'label'],
    finer: 'addr',
  },
  addr: {
    title: topologyText.addresses,
    parts: ['addr', 'name', 'namespace', 'label'],
    group: ['namespace', 'label'],
    finer: 'addr',
  },
  name: {
    title: topologyText.names,
    parts: ['name', 'namespace', 'label'],
    group: ['namespace', 'label'],
    finer: 'addr',
  },
  owner: { title: topologyText.owners, parts: ['owner_name', 'namespace'], group: ['namespace'], finer: 'name' },
  namespace: { title: topologyText.namespaces, parts: ['namespace'], group: [], finer: 'name' },
  label: { title: topologyText.networks, parts: ['label'], group: [], finer: 'name' },
  node: { title: topologyText.clusterNodes, parts: ['node'], group: [], finer: 'name' },
  zone: { title: topologyText.zones, parts: ['zone'], group: [], finer: 'name' },
  country: { title: topologyText.countries, parts: ['country'], group: [], finer: 'name' },
}

const unnamed: Readonly<Record<string, string>> = {
  addr: topologyText.noAddress,
  name: topologyText.noName,
  owner_name: topologyText.noOwner,
  namespace: topologyText.noNamespace,
  label: topologyText.noNetwork,
  node: topologyText.noNode,
  zone: topologyText.noZone,
  country: topologyText.noCountry,
}

const endpointNames = 4

/** Named by the first part that has a value. */
function isFirstOf(scope: Scope) {
  return scope === 'endpoint' || scope === 'workload'
}

/** A comparison combines the pods of an owner: a rollout replaces all of them. */
export function comparedScope(scope: Scope): Scope {
  return scope === 'endpoint' || scope === 'name' ? 'workload' : scope
}

export function nodeCells(scope: Scope, cells: readonly unknown[]): readonly unknown[] {
  if (!isFirstOf(scope)) return cells
  const { parts } = scopeParts[scope]
  const first = cells.slice(0, endpointNames).findIndex(hasValue)
  // Pods of one owner may be in several networks.
  const keepsNetwork = scope === 'endpoint' || parts[first] !== 'owner_name' || !hasValue(cells[endpointNames])
  return cells.map((cell, at) =>
    at === first || at >= endpointNames || (parts[at] === 'label' && at > first && keepsNetwork) ? cell : null,
  )
}

function hasValue(cell: unknown) {
  return cell !== null && cell !== undefined && cell !== ''
}

export function nodeLabel(scope: Scope, cells: readonly unknown[]): string {
  const { parts } = scopeParts[scope]
  const name =
    scope === 'addr'
      ? (cells[1] ?? cells[0])
      : isFirstOf(scope)
        ? cells.slice(0, endpointNames).find((cell) => cell !== null)
        : cells[0]
  return hasValue(name) ? String(name as string | number) : (unnamed[parts[0] ?? ''] ?? '?')
}

/** Without groups each node is alone, and nodes without a value are together. */
export function groupOf(scope: Scope, cells: readonly unknown[]): string {
  const { parts, group } = scopeParts[scope]
  if (group.length === 0) return JSON.stringify(cells)
  for (const name of group) {
    const cell = cells[parts.indexOf(name)]
    if (hasValue(cell)) return String(cell as string)
  }
  return ''
}

export function conditionOf(scope: Scope, cells: readonly unknown[]): string {
  const { parts } = scopeParts[scope]
  // An address is unique without its name.
  const first = isFirstOf(scope) ? cells.slice(0, endpointNames).findIndex((cell) => cell !== null) : 0
  const used =
    scope === 'addr'
      ? parts.slice(0, 1)
      : isFirstOf(scope) && first >= 0
        ? [...parts.slice(0, first + 1), 'namespace']
        : parts
  const tests = used.map((part) => {
    const cell = cells[parts.indexOf(part)]
    return cell === null || cell === undefined ? `not exists(${part})` : `${part} = ${literal(cell)}`
  })
  return `either(${tests.join(' and ')})`
}

export function groupCondition(scope: Scope, cells: readonly unknown[]): string | undefined {
  const { parts, group } = scopeParts[scope]
  for (const name of group) {
    const cell = cells[parts.indexOf(name)]
    if (hasValue(cell)) return `either(${name} = ${literal(cell)})`
  }
  return undefined
}
