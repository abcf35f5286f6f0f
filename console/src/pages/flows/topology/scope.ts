import { literal } from '../../../parts/filter-text.ts'
import type { Scope } from './state.ts'

interface ScopeParts {
  readonly title: string
  /** What source and destination share, as the API names it; the first is what a node is called by. */
  readonly parts: readonly string[]
  /** Parts that make a group, the first that has a value. */
  readonly group: readonly string[]
  /** Where a step into a node leads. */
  readonly finer: Scope
}

export const scopeParts: Readonly<Record<Scope, ScopeParts>> = {
  endpoint: {
    title: 'endpoints',
    parts: ['name', 'owner_name', 'label', 'addr', 'namespace'],
    group: ['namespace', 'label'],
    finer: 'addr',
  },
  addr: {
    title: 'addresses',
    parts: ['addr', 'name', 'namespace', 'label'],
    group: ['namespace', 'label'],
    finer: 'addr',
  },
  name: { title: 'names', parts: ['name', 'namespace', 'label'], group: ['namespace', 'label'], finer: 'addr' },
  owner: { title: 'owners', parts: ['owner_name', 'namespace'], group: ['namespace'], finer: 'name' },
  namespace: { title: 'namespaces', parts: ['namespace'], group: [], finer: 'name' },
  label: { title: 'networks', parts: ['label'], group: [], finer: 'name' },
  node: { title: 'machines', parts: ['node'], group: [], finer: 'name' },
  zone: { title: 'zones', parts: ['zone'], group: [], finer: 'name' },
  country: { title: 'countries', parts: ['country'], group: [], finer: 'name' },
}

const unnamed: Readonly<Record<string, string>> = {
  addr: 'no address',
  name: 'without a name',
  owner_name: 'without an owner',
  namespace: 'no namespace',
  label: 'no network',
  node: 'no machine',
  zone: 'no zone',
  country: 'no country',
}

/** Parts that an endpoint is called by: the first that has a value. */
const endpointNames = 4

/** The values that make a node. An endpoint is the same at all addresses of its name, else of its owner, else of its network. */
export function nodeCells(scope: Scope, cells: readonly unknown[]): readonly unknown[] {
  if (scope !== 'endpoint') return cells
  const first = cells.slice(0, endpointNames).findIndex((cell) => cell !== null && cell !== undefined && cell !== '')
  // A network is the group of its addresses, too.
  return cells.map((cell, at) =>
    at === first || at >= endpointNames || (scopeParts[scope].parts[at] === 'label' && at > first) ? cell : null,
  )
}

/** How a node is called; an address by its name, where it has one. */
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

/** The group that a node belongs to; of scopes without groups each node is alone, and what is nowhere is together. */
export function groupOf(scope: Scope, cells: readonly unknown[]): string {
  const { parts, group } = scopeParts[scope]
  if (group.length === 0) return JSON.stringify(cells)
  for (const name of group) {
    const cell = cells[parts.indexOf(name)]
    if (cell !== null && cell !== undefined && cell !== '') return String(cell as string)
  }
  return ''
}

/** The filter for flows of which either end is this node. */
export function conditionOf(scope: Scope, cells: readonly unknown[]): string {
  const { parts } = scopeParts[scope]
  // An address is one already; what it was called at the time need not be said.
  const first = scope === 'endpoint' ? cells.slice(0, endpointNames).findIndex((cell) => cell !== null) : 0
  const told =
    scope === 'addr'
      ? parts.slice(0, 1)
      : scope === 'endpoint' && first >= 0
        ? [...parts.slice(0, first + 1), 'namespace']
        : parts
  const tests = told.map((part) => {
    const cell = cells[parts.indexOf(part)]
    return cell === null || cell === undefined ? `not exists(${part})` : `${part} = ${literal(cell)}`
  })
  return `either(${tests.join(' and ')})`
}

/** The filter for flows of which either end is in the group of this node; undefined: it is in none. */
export function groupCondition(scope: Scope, cells: readonly unknown[]): string | undefined {
  const { parts, group } = scopeParts[scope]
  for (const name of group) {
    const cell = cells[parts.indexOf(name)]
    if (cell !== null && cell !== undefined && cell !== '') return `either(${name} = ${literal(cell)})`
  }
  return undefined
}
