import type { RelatedObject } from './related-objects.ts'
import type { HolderFacts } from './workload-facts.ts'

/** One line of the saved index: see `Workloads.records`. */
export type WorkloadRecord =
  | RelatedObject
  | { readonly is: 'ranges'; readonly ranges: readonly string[] }
  /** `key`: of the object, while these claims are open; `until` null is open. */
  | {
      readonly is: 'held'
      readonly key?: string
      readonly held: HolderFacts
      readonly network?: string
      readonly claims: readonly (readonly [
        ip: string,
        rank: number,
        from: number,
        until: number | null,
        mac: number | null,
      ])[]
    }
