import type { Log, Metrics, Projection } from '../engine/contracts.ts'
import { makeDurableDirectory, type Host } from '../host/index.ts'
import type { Frame } from '../journal/types.ts'
import type { ResourceData } from '../model/kubernetes.ts'
import { filePartition, nowhere, type Position, type Positions } from '../model/positions.ts'
import { toldResources } from './told-resources.ts'
import { readWorkloads, workloadFiles, writeWorkloads } from './workload-file.ts'
import { Workloads } from './workloads.ts'
import { messageOf } from '../model/errors.ts'

/** Who had an address is remembered for so long after: flows come late, and an hour's unknown addresses are asked again when it is over. */
export const rememberMs = 3 * 3_600_000
/** So many claims that are over are worth going through all. */
export const worthForgetting = 50_000
/** Files of earlier commits that are kept, should the newest not be readable. */
const keptFiles = 2

export interface WorkloadOptions {
  readonly host: Host
  /** Folder of its own; made when something is kept. */
  readonly directory: string
  readonly log: Log
  readonly metrics: Metrics
  /** Is this the id of a source that watches a cluster? Only these are believed. */
  readonly isCluster: (source: string) => boolean
}

/**
 * The journal's `resource` events as an index of who has which address. The file that `commit` writes holds all of it and the
 * position it reflects. A second thread may read it and follow by itself.
 */
export class WorkloadProjection implements Projection {
  readonly name = 'identity'
  readonly workloads = new Workloads()
  readonly #options: WorkloadOptions
  #reached: Position = nowhere
  #committed: Position = nowhere
  /** The first frame that the newest file does not reflect. */
  #unsaved: Position | undefined
  /** Newest time of receipt: what is old is told by it, not by the clock. */
  #received = 0

  constructor(options: WorkloadOptions) {
    this.#options = options
  }

  /** Reads the newest file that can be read; false when there is none. */
  async open(): Promise<boolean> {
    const {
      host: { disk },
      directory,
      log,
    } = this.#options
    for (const name of await workloadFiles(disk, directory)) {
      try {
        this.#reached = this.#committed = await readWorkloads(disk, `${directory}/${name}`, (record) =>
          this.workloads.load(record),
        )
        return true
      } catch (error) {
        log.error('What is kept of the workloads of clusters cannot be read; an earlier state is looked for.', {
          file: name,
          error: messageOf(error),
        })
      }
    }
    return false
  }

  /** Removes what is kept. */
  async discard(): Promise<void> {
    const {
      host: { disk },
      directory,
    } = this.#options
    for (const name of await workloadFiles(disk, directory)) await disk.remove(`${directory}/${name}`)
  }

  /** Begins with what is told in another way, up to a position. */
  begin(told: Iterable<ResourceData>, position: Position): void {
    for (const data of told) this.workloads.apply(data)
    this.workloads.settle()
    this.#reached = position
    this.#unsaved = position
  }

  /** What `apply` has reached. */
  get reached(): Position {
    return this.#reached
  }

  position(): Positions {
    return { [filePartition]: this.#committed }
  }

  /** Frames that told of nothing are not needed again. */
  holds(): Positions {
    return { [filePartition]: this.#unsaved ?? this.#reached }
  }

  /** Something was told that the newest file does not have. */
  get dirty(): boolean {
    return this.#unsaved !== undefined
  }

  apply(frames: readonly Frame[]): Promise<void> {
    this.take(frames)
    const { objects, claims } = this.workloads.size
    this.#options.metrics.set('weir_identity_workloads', objects)
    this.#options.metrics.set('weir_identity_claims', claims)
    return Promise.resolve()
  }

  /** As `apply`, of which the metrics tell. A frame that was taken before is passed over. */
  take(frames: readonly Frame[]): void {
    const { log, isCluster } = this.#options
    for (const frame of frames) {
      const { header } = frame
      if (header.sequence <= this.#reached.sequence) continue
      if (isCluster(header.source)) {
        const told = toldResources(frame, (error) =>
          log.error('A frame of a cluster cannot be read; what it tells of workloads is not known.', {
            source: header.source,
            sequence: header.sequence,
            error: String(error),
          }),
        )
        if (told.length > 0) this.#unsaved ??= this.#reached
        for (const data of told) this.workloads.apply(data)
        this.#received = Math.max(this.#received, header.received)
      }
      this.#reached = { sequence: header.sequence, row: header.firstRow + header.count }
    }
    this.workloads.settle()
    this.workloads.forget(this.#received - rememberMs, worthForgetting)
  }

  async commit(): Promise<void> {
    const {
      host: { disk },
      directory,
    } = this.#options
    if (this.#unsaved === undefined) return
    await makeDurableDirectory(disk, directory)
    await writeWorkloads(disk, directory, this.#reached, this.workloads.records(this.#received - rememberMs))
    this.#committed = this.#reached
    this.#unsaved = undefined
    for (const name of (await workloadFiles(disk, directory)).slice(keptFiles))
      await disk.remove(`${directory}/${name}`)
  }
}
