import type { Log, Metrics, Projection } from '../engine/contracts.ts'
import { makeDurableDirectory, type Host } from '../host/index.ts'
import type { Frame } from '../journal/types.ts'
import type { ResourceData } from '../model/kubernetes.ts'
import { filePartition, nowhere, type Position, type Positions } from '../model/positions.ts'
import { resourcesOf } from './frame-resources.ts'
import type { NameSettings } from './name-settings.ts'
import { readWorkloads, workloadFiles, writeWorkloads } from './workload-file.ts'
import { Workloads } from './workloads.ts'
import { messageOf } from '../model/errors.ts'

/** Past holders are retained this long for late flows and the hourly retry of unknown addresses. */
export const retainEndedMs = 3 * 3_600_000
export const minEndedClaims = 50_000
const keptFiles = 2

type WorkloadOptions = Readonly<{
  host: Host
  directory: string
  log: Log
  metrics: Metrics
  isCluster: (source: string) => boolean
  names?: NameSettings | undefined
}>

/** The file that `commit` writes has the whole state and its position; a second thread can read it. */
export class WorkloadProjection implements Projection {
  readonly name = 'identity'
  readonly workloads: Workloads
  readonly #options: WorkloadOptions
  #reached: Position = nowhere
  #committed: Position = nowhere
  #unsaved: Position | undefined
  #received = 0

  constructor(options: WorkloadOptions) {
    this.#options = options
    this.workloads = new Workloads(options.names)
  }

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
        log.error('Cannot read the stored cluster workloads; trying an earlier file.', {
          file: name,
          error: messageOf(error),
        })
      }
    }
    return false
  }

  async discard(): Promise<void> {
    const {
      host: { disk },
      directory,
    } = this.#options
    for (const name of await workloadFiles(disk, directory)) await disk.remove(`${directory}/${name}`)
  }

  begin(resources: Iterable<ResourceData>, position: Position): void {
    for (const data of resources) this.workloads.apply(data)
    this.workloads.settle()
    this.#reached = position
    this.#unsaved = position
  }

  get labels(): NameSettings['labels'] {
    return this.#options.names?.labels
  }

  get reached(): Position {
    return this.#reached
  }

  position(): Positions {
    return { [filePartition]: this.#committed }
  }

  holds(): Positions {
    return { [filePartition]: this.#unsaved ?? this.#reached }
  }

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

  take(frames: readonly Frame[]): void {
    const { log, isCluster } = this.#options
    for (const frame of frames) {
      const { header } = frame
      if (header.sequence <= this.#reached.sequence) continue
      if (isCluster(header.source)) {
        const resources = resourcesOf(frame, (error) =>
          log.error('Cannot decode a frame of a cluster; its workloads are unknown.', {
            source: header.source,
            sequence: header.sequence,
            error: String(error),
          }),
        )
        if (resources.length > 0) this.#unsaved ??= this.#reached
        for (const data of resources) this.workloads.apply(data)
        this.#received = Math.max(this.#received, header.received)
      }
      this.#reached = { sequence: header.sequence, row: header.firstRow + header.count }
    }
    this.workloads.settle()
    this.workloads.forget(this.#received - retainEndedMs, minEndedClaims)
  }

  async commit(): Promise<void> {
    const {
      host: { disk },
      directory,
    } = this.#options
    if (this.#unsaved === undefined) return
    await makeDurableDirectory(disk, directory)
    await writeWorkloads(disk, directory, this.#reached, this.workloads.records(this.#received - retainEndedMs))
    this.#committed = this.#reached
    this.#unsaved = undefined
    for (const name of (await workloadFiles(disk, directory)).slice(keptFiles))
      await disk.remove(`${directory}/${name}`)
  }
}
