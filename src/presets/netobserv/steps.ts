/** Transforms that steps of a pipeline become. */
import { resolveFieldName } from '../../model/fields.ts'
import { joined, reads, type Assembly, type Branch } from './branch.ts'

export interface MapSteps {
  readonly drop?: readonly string[]
  readonly set?: Readonly<Record<string, unknown>>
  /** Values of absent fields. */
  readonly fallback?: Readonly<Record<string, unknown>>
  /** New name by name. */
  readonly rename?: Readonly<Record<string, string>>
}

export function mapOf(name: string, branch: Branch, steps: MapSteps, path: string, assembly: Assembly): Branch {
  const { report } = assembly
  const known = (key: string): boolean => {
    if (resolveFieldName(key) !== undefined) return true
    report.note(path, `\`${key}\` is no field of a flow, so that nothing removes or renames it`)
    return false
  }
  const drop = (steps.drop ?? []).filter(known)
  const rename = Object.fromEntries(Object.entries(steps.rename ?? {}).filter(([from]) => known(from)))
  const set = Object.fromEntries([
    ...Object.entries(steps.set ?? {}).map(([key, value]) => [key, constant(value)]),
    ...Object.entries(steps.fallback ?? {}).flatMap(([key, value]) => {
      const field = resolveFieldName(key)
      if (field === undefined) report.refuse(path, `\`${key}\` is no field of a flow; use add_field`)
      return field === undefined ? [] : [[key, `has(flow.${field}) ? flow.${field} : ${constant(value)}`]]
    }),
  ])
  const written = Object.entries({ drop, rename, set }).filter(([, part]) => Object.keys(part).length > 0)
  if (written.length === 0) return branch
  const id = assembly.id(name)
  assembly.transforms[id] = { type: 'map', ...reads(branch), ...Object.fromEntries(written) }
  return { ...branch, from: [id], filters: [] }
}

/** In CEL. */
function constant(value: unknown): string {
  return JSON.stringify(value ?? null)
}

export interface Sampling {
  /** One flow in so many; 0 and 1 keep all. */
  readonly interval: number
  /** Whether the field Sampling is multiplied. */
  readonly scales: boolean
}

export function sampleOf(name: string, branch: Branch, { interval, scales }: Sampling, assembly: Assembly): Branch {
  if (interval <= 1) return passOf(name, branch, assembly)
  const id = assembly.id(name)
  assembly.transforms[id] = { type: 'sample', ...reads(branch), one_in: interval, adjust: scales }
  return { ...branch, from: [id], filters: [] }
}

/** The flows of a branch as a source. */
export function passOf(name: string, branch: Branch, assembly: Assembly): Branch {
  const where = joined(branch.filters)
  if (where === '') return branch
  const id = assembly.id(name)
  assembly.transforms[id] = { type: 'filter', from: branch.from, only: { family: ['flow'] }, where }
  return { ...branch, from: [id], filters: [] }
}
