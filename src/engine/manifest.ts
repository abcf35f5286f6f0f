import type { AnyComponentSchema } from '../schema/index.ts'
import type { MetricTable } from '../telemetry/metric-table.ts'

/**
 * What Weir knows of a connector without loading its code. Settings, threads, metrics, the support table and the reference are made from it.
 * The code is in files of the same folder: `source.ts` exports `source`, `sink.ts` exports `sink`, `journal.ts` exports `journal`.
 * `testing/rig.ts` exports `rig`: the conformance suites run its sources and sinks. Without it a waiver names other tests.
 */
export interface Manifest {
  /** Its type is the name of the folder. */
  readonly source?: {
    readonly schema: AnyComponentSchema
    readonly thread: SourceThread
    readonly emits?: Emitted
    /** It runs without being configured; its id is its type. */
    readonly builtIn?: true
  }
  /** The code of a type that is not the name of the folder is in `sink-<type>.ts`. */
  readonly sinks?: readonly AnyComponentSchema[]
  readonly journal?: { readonly schema: AnyComponentSchema; readonly url: JournalUrl }
  readonly metrics?: MetricTable
  readonly support: readonly SupportRow[]
}

/** `ingest`: sockets and decoding. `watch`: much work on what is read, in a worker that nothing waits for. */
export type SourceThread = 'ingest' | 'watch'

/** Data that other parts select sources by: flows, audit events, or the resources of a cluster. */
export type Emitted = 'flows' | 'audit' | 'resources'

/** Short form of the settings of a journal: `scheme://host:port,host:port/name`. `name` is empty if it is left out. */
export interface JournalUrl {
  readonly schemes: readonly string[]
  settings(url: { readonly scheme: string; readonly hosts: readonly string[]; readonly name: string }): object
}

/** A row of the support table. It is shown as far as tests have proved it. */
export interface SupportRow {
  /** As tests name it. */
  readonly system: string
  readonly name: string
  /** Type of its component, if it is not `system`. */
  readonly connector?: string
  /** What takes its data, if that is no source of a connector. */
  readonly source?: string
  /** Parts that need a proof of their own. */
  readonly parts?: readonly string[]
  /** Printed after what it was tested against. */
  readonly remark?: string
}

export function defineConnector(manifest: Manifest): Manifest {
  return manifest
}
