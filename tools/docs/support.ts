import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SupportRow } from '../../src/engine/manifest.ts'
import { manifests } from '../../src/components/manifests.ts'
import { readResults, resultsFile, type SupportResult } from '../kit/support-results.ts'
import { code } from './markdown.ts'

export const namesFile = 'docs/support.json'

export type Support = Readonly<{
  names: readonly SupportRow[]
  results: readonly SupportResult[]
}>

export async function readSupport(root: string): Promise<Support> {
  const [names, results] = await Promise.all([namesFile, resultsFile].map((file) => readFile(join(root, file), 'utf8')))
  const connectors = [...manifests.values()].flatMap(({ support }) => support)
  return {
    names: [...connectors, ...(JSON.parse(names ?? '') as readonly SupportRow[])],
    results: readResults(results ?? ''),
  }
}

export const supportColumns = [
  'System',
  'As source',
  'As sink',
  'As journal',
  'Order',
  'Tested against',
  'Version',
] as const
export const connectorRoles = ['source', 'sink', 'journal'] as const

export function supportRows(names: readonly SupportRow[], results: readonly SupportResult[]): string[][] {
  return names.map((row) => {
    const ofSystem = results.filter(({ system }) => system === row.system)
    const [source, sink, journal] = connectorRoles.map((role) => {
      if (!ofSystem.some((candidate) => candidate.role === role)) return '–'
      return role === 'journal'
        ? 'yes'
        : role === 'source' && row.source !== undefined
          ? row.source
          : code(row.connector ?? row.system)
    })
    const { servers, versions } = testedAgainst(ofSystem)
    return [
      row.name,
      source ?? '–',
      sink ?? '–',
      journal ?? '–',
      orderOf(ofSystem),
      `${servers}${row.remark === undefined ? '' : `, ${row.remark}`}`,
      versions,
    ]
  })
}

/** Stand-ins of the repository only if nothing else was tested. */
function testedAgainst(ofSystem: readonly SupportResult[]): Readonly<{ servers: string; versions: string }> {
  const roles = [...new Set(ofSystem.map(({ role }) => role))]
  const real = (role: string) => ofSystem.some((candidate) => candidate.role === role && candidate.stand_in !== true)
  const names = new Map<string, string>()
  const versions = new Map<string, Set<string>>()
  for (const { server, version, stand_in: standIn, role } of ofSystem) {
    if (standIn === true && real(role)) continue
    const only = standIn === true && roles.length > 1 && roles.some((name) => real(name))
    names.set(server, standIn === true ? `${server} (stand-in${only ? `, as ${role}` : ''})` : server)
    const existing = versions.get(server) ?? new Set()
    versions.set(server, version === undefined ? existing : existing.add(version))
  }
  const versionTexts = [...names.keys()].map((server) => [...(versions.get(server) ?? [])].join(' and ') || '–')
  return {
    servers: [...names.values()].join(', '),
    versions: versionTexts.every((text) => text === '–') ? '–' : versionTexts.join(', '),
  }
}

function orderOf(ofSystem: readonly SupportResult[]): string {
  const seen = new Map<string, SupportResult[]>()
  for (const tested of ofSystem)
    if (tested.order !== undefined && tested.role !== 'journal')
      seen.set(tested.order, [...(seen.get(tested.order) ?? []), tested])
  const measurable = ofSystem.filter(({ role }) => role === 'source' || role === 'sink')
  const parts = (ofOrder: readonly SupportResult[]) => [...new Set(ofOrder.flatMap(({ part }) => part ?? []))]
  const words = [...seen].map(([order, ofOrder]) => {
    const without = measurable.filter(
      (candidate) => candidate.order === undefined && ofOrder.some(({ role }) => role === candidate.role),
    )
    const unkept = parts(without).filter((part) => !parts(ofOrder).includes(part))
    return {
      order,
      roles: [...new Set(ofOrder.map(({ role }) => role))],
      parts: unkept.length === 0 ? [] : parts(ofOrder),
    }
  })
  if (words.length === 0) return '–'
  return words
    .map(
      ({ order, roles, parts: only }) =>
        (words.length > 1 ? `as ${roles.join(' and ')}: ` : '') +
        order +
        (only.length === 0 ? '' : ` (${only.join(', ')})`),
    )
    .join('; ')
}
