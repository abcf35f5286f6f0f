import { literal } from '../../../parts/filter-text.ts'
import type { Scope } from './state.ts'
import { topologyText } from '../../../text/topology.ts'

type ScopeParts = Readonly<{
  title: string
  parts: readonly string[]
  group: readonly string[]
  finer: Scope
}>

export const scopeParts: Readonly<Record<Scope, ScopeParts>> = {
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

export function nodeCells(scope: Scope, cells: readonly unknown[]): readonly unknown[] {
  if (scope !== 'endpoint') return cells
  const first = cells.slice(0, endpointNames).findIndex((cell) => cell !== null && cell !== undefined && cell !== '')
  return cells.map((cell, at) =>
    at === first || at >= endpointNames || (scopeParts[scope].parts[at] === 'label' && at > first) ? cell : null,
  )
}

export function nodeLabel(scope: Scope, cells: readonly unknown[]): string {
  const { parts } = scopeParts[scope]
  const name =
    scope === 'addr'
      ? (cells[1] ?? cells[0])
      : scope === 'endpoint'
        ? cells.slice(0, endpointNames).find((cell) => cell !== null)
        : cells[0]
  return name === null || name === undefined || name === ''
    ? (unnamed[parts[0] ?? ''] ?? '?')
    : String(name as string | number)
}

/** Without groups each node is alone, and nodes without a value are together. */
export function groupOf(scope: Scope, cells: readonly unknown[]): string {
  const { parts, group } = scopeParts[scope]
  if (group.length === 0) return JSON.stringify(cells)
  for (const name of group) {
    const cell = cells[parts.indexOf(name)]
    if (cell !== null && cell !== undefined && cell !== '') return String(cell as string)
  }
  return ''
}

export function conditionOf(scope: Scope, cells: readonly unknown[]): string {
  const { parts } = scopeParts[scope]
  // An address is unique without its name.
  const first = scope === 'endpoint' ? cells.slice(0, endpointNames).findIndex((cell) => cell !== null) : 0
  const used =
    scope === 'addr'
      ? parts.slice(0, 1)
      : scope === 'endpoint' && first >= 0
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
    if (cell !== null && cell !== undefined && cell !== '') return `either(${name} = ${literal(cell)})`
  }
  return undefined
}
