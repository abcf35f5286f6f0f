import { MessageChannel, type Worker } from 'node:worker_threads'
import type { ManifestQuery, ManifestState } from '../model/kubernetes.ts'
import { connect, type Remote } from '../engine/rpc.ts'
import type { SourceFeed } from '../engine/sources/feed.ts'
import type { SourceHealth } from '../engine/sources/health.ts'
import type { ApplyReport, SourceEntry } from '../engine/sources/sources.ts'
import { isErrorCode, WeirError } from '../model/errors.ts'
import { watchedTypes } from '../components/manifests.ts'
import type { ProfileRequest } from '../telemetry/profile.ts'
import type { ingestMethods } from './workers/ingest.ts'
import type { watchMethods, WatchStart } from './workers/watch.ts'

export type SourceWorkersOptions = Readonly<{
  ingest: Remote<typeof ingestMethods>
  spawn(): Worker
  start: Omit<WatchStart, 'journal'>
}>

export class SourceWorkers {
  readonly #options: SourceWorkersOptions
  #watch: Remote<typeof watchMethods> | undefined
  #applied: readonly SourceEntry[] = []

  constructor(options: SourceWorkersOptions) {
    this.#options = options
  }

  async apply(entries: readonly SourceEntry[]): Promise<ApplyReport> {
    const [here, there] = [
      entries.filter(({ type }) => !watchedTypes.has(type)),
      entries.filter(({ type }) => watchedTypes.has(type)),
    ]
    const { ingest } = this.#options
    const first = await ingest.call('apply', here)
    if (first.failed !== undefined || (there.length === 0 && this.#watch === undefined)) {
      if (first.failed === undefined) this.#applied = entries
      return first
    }
    const second = await (await this.#started()).call('apply', there)
    if (second.failed !== undefined) {
      const back = await ingest.call(
        'apply',
        this.#applied.filter(({ type }) => !watchedTypes.has(type)),
      )
      return { ...second, running: [...back.running, ...second.running] }
    }
    for (const { id, type } of this.#applied)
      if (watchedTypes.has(type) && !there.some((entry) => entry.id === id)) await ingest.call('letGo', id)
    this.#applied = entries
    return { running: [...first.running, ...second.running], changed: [...first.changed, ...second.changed] }
  }

  async status(): Promise<Readonly<Record<string, unknown>>> {
    const [here, there] = await Promise.all([
      this.#options.ingest.call('sourceStatus', undefined as never),
      this.#watch?.call('status', undefined as never),
    ])
    return { ...here, ...there }
  }

  async manifest(query: ManifestQuery): Promise<ManifestState | undefined> {
    return this.#watch?.call('manifest', query)
  }

  async feeds(): Promise<Readonly<Record<string, SourceFeed>>> {
    const [here, there] = await Promise.all([
      this.#options.ingest.call('sourceFeeds', undefined as never),
      this.#watch?.call('feeds', undefined as never),
    ])
    return { ...here, ...there }
  }

  async health(): Promise<Readonly<Record<string, SourceHealth>>> {
    const [here, there] = await Promise.all([
      this.#options.ingest.call('sourceHealth', undefined as never),
      this.#watch?.call('health', undefined as never),
    ])
    return { ...here, ...there }
  }

  async profile(request: ProfileRequest): Promise<Uint8Array> {
    return (await this.#started()).call('profile', request)
  }

  async stop(): Promise<void> {
    await this.#watch?.call('stop', undefined as never)
    await this.#options.ingest.call('apply', [])
  }

  async #started(): Promise<Remote<typeof watchMethods>> {
    if (this.#watch !== undefined) return this.#watch
    const { ingest, start } = this.#options
    const watch = connect<typeof watchMethods>(this.#options.spawn())
    const { port1, port2 } = new MessageChannel()
    await ingest.call('serve', port1, [port1])
    await watch.call('start', { ...start, journal: port2 }, [port2])
    return (this.#watch = watch)
  }
}

export function throwFailed(report: ApplyReport): void {
  if (report.failed === undefined) return
  const { id, message, code } = report.failed
  throw new WeirError(isErrorCode(code) ? code : 'WEIR_SOURCE_FAILED', `source ${id}: ${message}`)
}
