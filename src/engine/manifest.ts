import type { AnyComponentSchema } from '../schema/index.ts'
import type { MetricTable } from '../telemetry/metric-table.ts'

/**
 * In the same folder, `source.ts` exports `source`, `sink.ts` `sink`, `journal.ts` `journal`, and `testing/rig.ts` the
 * `rig` for the conformance suites; without it a waiver names other tests.
 */
export interface Manifest {
  readonly source?: {
    readonly schema: AnyComponentSchema
    readonly thread: SourceThread
    readonly emits?: Emitted
    /** Runs without configuration; its id is its type. */
    readonly builtIn?: true
  }
  /** Other types than the folder's are in `sink-<type>.ts`. */
  readonly sinks?: readonly AnyComponentSchema[]
  readonly journal?: { readonly schema: AnyComponentSchema; readonly url: JournalUrl }
  readonly metrics?: MetricTable
  readonly support: readonly SupportRow[]
}

/** `watch`: a worker for long computations. */
export type SourceThread = 'ingest' | 'watch'

/** Data by which other parts select sources. */
export type Emitted = 'flows' | 'audit' | 'resources'

/** `scheme://host:port,host:port/name`; `name` may be empty. */
export interface JournalUrl {
  readonly schemes: readonly string[]
  settings(url: { readonly scheme: string; readonly hosts: readonly string[]; readonly name: string }): object
}

/** Shown as far as tests prove it. */
export interface SupportRow {
  readonly system: string
  readonly name: string
  /** Default: `system`. */
  readonly connector?: string
  /** Receiver of its data, if not a connector's source. */
  readonly source?: string
  /** Parts with separate proofs. */
  readonly parts?: readonly string[]
  /** Printed after the tested versions. */
  readonly remark?: string
}

export function defineConnector(manifest: Manifest): Manifest {
  return manifest
}
