import type { AnyComponentSchema } from '../schema/index.ts'
import type { MetricTable } from '../telemetry/metric-table.ts'

/**
 * Description of a connector, available without loading its code. Settings, threads, metrics, support table and
 * reference are generated from it. `source.ts` exports `source`, `sink.ts` exports `sink`, `journal.ts` exports
 * `journal`, in the same folder. `testing/rig.ts` exports `rig`, with which the conformance suites run the connector.
 * Without it a waiver names other tests.
 */
export interface Manifest {
  readonly source?: {
    readonly schema: AnyComponentSchema
    readonly thread: SourceThread
    readonly emits?: Emitted
    /** Runs without configuration; its id is its type. */
    readonly builtIn?: true
  }
  /** Types other than the folder's name are implemented in `sink-<type>.ts`. */
  readonly sinks?: readonly AnyComponentSchema[]
  readonly journal?: Readonly<{ schema: AnyComponentSchema; url: JournalUrl }>
  readonly metrics?: MetricTable
  readonly support: readonly SupportRow[]
}

/** Default export of a package. Its exports `./source`, `./sink` or `./sink-<type>` have the code. */
export type PackageManifest = Pick<Manifest, 'source' | 'sinks' | 'metrics'>

/** `ingest`: sockets and decoding. `watch`: a worker for long computations, so that ingest does not wait. */
type SourceThread = 'ingest' | 'watch'

export type Emitted = 'flows' | 'audit' | 'resources'

/** Short form of journal settings: `scheme://host:port,host:port/name`. `name` may be empty. */
export interface JournalUrl {
  readonly schemes: readonly string[]
  settings(url: Readonly<{ scheme: string; hosts: readonly string[]; name: string }>): object
}

/** A row of the support table, shown as far as tests prove it. */
export interface SupportRow {
  readonly system: string
  readonly name: string
  /** Component type, if different from `system`. */
  readonly connector?: string
  /** Receiver of its data, if not a connector's source. */
  readonly source?: string
  readonly parts?: readonly string[]
  readonly remark?: string
}

export function defineConnector(manifest: Manifest): Manifest {
  return manifest
}
