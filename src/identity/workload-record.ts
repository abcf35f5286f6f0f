import type { RelatedObject } from './related-objects.ts'
import type { HolderFacts } from './workload-facts.ts'

/** One line of the saved index: see `Workloads.records`. */
export type WorkloadRecord =
  | RelatedObject
  | Readonly<{ is: 'ranges'; ranges: readonly string[] }>
  | Readonly<{ is: 'labels'; text: string }>
  /** `key`: of the object, while these claims are open; `until` null is open. */
  | Readonly<{
      is: 'held'
      key?: string
      held: HolderFacts
      network?: string
      labels?: number
      claims: readonly (readonly [ip: string, rank: number, from: number, until: number | null, mac: number | null])[]
    }>
