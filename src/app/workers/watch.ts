import { parentPort, workerData, type MessagePort } from 'node:worker_threads'
import type { ManifestQuery, ManifestState } from '../../model/kubernetes.ts'
import { awaitedBy } from '../../engine/sources/awaited.ts'
import { sourceReplay } from '../../engine/sources/source-replay.ts'
import type { Replay } from '../../engine/contracts.ts'
import { sharedReplayOf } from '../../engine/cluster/shared-replay.ts'
import { connect, serve, type Remote } from '../../engine/rpc.ts'
import { SourceSet, type ApplyReport, type SourceEntry } from '../../engine/sources/sources.ts'
import { realHost } from '../../host/index.ts'
import { memoryOf } from '../../host/memory-budget.ts'
import { self } from '../../host/process.ts'
import { SharedTail, type Appended, type SourceTotals } from '../../journal/index.ts'
import { loadSource } from '../../components/registry.ts'
import { takeProfile, type ProfileRequest } from '../../telemetry/profile.ts'
import { workerTelemetry } from '../../telemetry/worker.ts'
import { join, type Joined, type SharedStart } from '../shared.ts'
import type { journalMethods } from './ingest.ts'

export type WatchStart = Readonly<{
  directory: string
  state: string
  epoch: number
  tail: SharedArrayBuffer
  storeRetentionMs?: number
  shared?: SharedStart
  journal: MessagePort
}>

self.stepBack()
const host = realHost(memoryOf(workerData))
const telemetry = workerTelemetry(host, workerData)
const { log, metrics, traces } = telemetry
let journal: Remote<typeof journalMethods> | undefined
let sources: SourceSet | undefined
let joined: Joined | undefined
const stop = new AbortController()
let totals: ReadonlyMap<string, Readonly<SourceTotals>> = new Map()

export const watchMethods = {
  async start({ directory, state, epoch, tail, storeRetentionMs, shared, journal: port }: WatchStart): Promise<void> {
    const writer = connect<typeof journalMethods>(port)
    port.unref()
    journal = writer
    let frames: (id: string) => Replay
    if (shared === undefined) {
      const options = {
        host,
        directory,
        tail: new SharedTail(tail),
        hold: (source: string, sequence: number) => writer.call('hold', { source, sequence }),
      }
      frames = (id) => sourceReplay(id, options)
    } else {
      const { bus, records } = (joined = await join(shared, { host, log, thread: 'watch' }, stop.signal))
      frames = (id) => sharedReplayOf(id, { bus, records, instance: shared.instance, host, log, signal: stop.signal })
    }
    sources = new SourceSet({
      host,
      log,
      metrics,
      traces,
      state: `${state}/sources`,
      load: loadSource,
      ...(storeRetentionMs === undefined ? {} : { storeRetentionMs }),
      journal: {
        epoch,
        totals: () => totals,
        append: async (unit) => placed(await writer.call('append', unit, [unit.raw.buffer as ArrayBuffer])),
      },
      admission: { append: (unit) => writer.call('appendOnce', unit, [unit.raw.buffer as ArrayBuffer]) },
      frames,
      awaited: (sink, source) => awaitedBy(writer, { sink, source }, host.timers),
    })
  },
  async apply(entries: readonly SourceEntry[]): Promise<ApplyReport> {
    for (const { packaged } of entries) if (packaged !== undefined) metrics.declare(packaged.metrics)
    totals = await need(journal).call('totals', undefined as never)
    const report = await need(sources).apply(entries)
    self.keepCompiled()
    return report
  },
  health: () => need(sources).health(),
  feeds: () => need(sources).feeds(),
  status(): Readonly<Record<string, unknown>> {
    return need(sources).status()
  },
  manifest(query: ManifestQuery): ManifestState | undefined {
    return need(sources).manifest(query)
  },
  async stop(): Promise<void> {
    await sources?.stop()
    stop.abort()
    await joined?.close()
    telemetry.flush()
  },
  profile: ({ kind, seconds }: ProfileRequest) => takeProfile(kind, () => host.timers.sleep(seconds * 1000)),
} as const

/** In a shared journal, sequences are positions in the partition. */
function placed(appended: Appended) {
  return appended.busPosition === undefined
    ? appended
    : { ...appended, position: { sequence: appended.busPosition, row: 0 } }
}

function need<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('the watch worker has not been started')
  return part
}

if (parentPort !== null) serve(parentPort, watchMethods)
