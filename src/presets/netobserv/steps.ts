/** Transforms that steps of a pipeline become. */
import { reads, type Assembly, type Branch } from './branch.ts'

export interface MapSteps {
  readonly drop?: readonly string[]
  readonly set?: Readonly<Record<string, unknown>>
  /** Values of absent fields. */
  readonly fallback?: Readonly<Record<string, unknown>>
  /** New name by name. */
  readonly rename?: Readonly<Record<string, string>>
}

export function mapOf(name: string, branch: Branch, steps: MapSteps, assembly: Assembly): Branch {
  const id = assembly.id(name)
  assembly.transforms[id] = { type: 'map', ...reads(branch), ...steps }
  return { ...branch, from: [id], filters: [] }
}

export interface Sampling {
  /** One flow in so many; 0 and 1 keep all. */
  readonly interval: number
  /** Whether the field Sampling is multiplied. */
  readonly scales: boolean
}

export function sampleOf(name: string, branch: Branch, { interval, scales }: Sampling, assembly: Assembly): Branch {
  const id = assembly.id(name)
  assembly.transforms[id] =
    interval <= 1
      ? { type: 'filter', ...reads(branch) }
      : { type: 'sample', ...reads(branch), interval, multiply_sampling: scales }
  return { ...branch, from: [id], filters: [] }
}
