/** The watch worker: sources that have much to do with what they read. Neither datagrams nor the API wait for them. */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads'
import { framesOf } from '../../engine/own-frames.ts'
import { connect, serve, type Remote } from '../../engine/rpc.ts'
import { SourceSet, type ApplyReport, type SourceEntry } from '../../engine/sources.ts'
import { realHost } from '../../host/index.ts'
import { self } from '../../host/process.ts'
import { SharedTail, type SourceTotals } from '../../journal/index.ts'
import { loadSource } from '../../registry.ts'
import { takeProfile, type ProfileWish } from '../../telemetry/profile.ts'
import { workerTelemetry } from '../../telemetry/worker.ts'
import type { journalMethods } from './ingest.ts'

export interface WatchStart {
  readonly directory: string
  readonly state: string
  readonly epoch: number
  readonly tail: SharedArrayBuffer
  /** As sources are told of the store. */
  readonly forgetsMs?: number
  /** To the thread that writes the journal. */
  readonly journal: MessagePort
}

self.stepBack()
const host = realHost()
const telemetry = workerTelemetry(host, workerData)
const { log, metrics, traces } = telemetry
let journal: Remote<typeof journalMethods> | undefined
let sources: SourceSet | undefined
let totals: ReadonlyMap<string, Readonly<SourceTotals>> = new Map()

export const watchMethods = {
  start({ directory, state, epoch, tail, forgetsMs, journal: port }: WatchStart): void {
    const writer = connect<typeof journalMethods>(port)
    journal = writer
    const frames = { host, directory, tail: new SharedTail(tail), hold: (source: string, sequence: number) => writer.call('hold', { source, sequence }) }
    sources = new SourceSet({
      host, log, metrics, traces, state: `${state}/sources`, load: loadSource, ...(forgetsMs === undefined ? {} : { forgetsMs }),
      journal: { epoch, totals: () => totals, append: (unit) => writer.call('append', unit, [unit.raw.buffer as ArrayBuffer]) },
      frames: (id) => framesOf(id, frames),
    })
  },
  async apply(entries: readonly SourceEntry[]): Promise<ApplyReport> {
    totals = await need(journal).call('totals', undefined as never)
    const report = await need(sources).apply(entries)
    self.keepCompiled()
    return report
  },
  status(): Readonly<Record<string, unknown>> {
    return need(sources).status()
  },
  async stop(): Promise<void> {
    await sources?.stop()
    telemetry.flush()
  },
  profile: ({ kind, seconds }: ProfileWish): Promise<Uint8Array> => takeProfile(kind, () => host.timers.sleep(seconds * 1000)),
} as const

function need<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('the watch worker has not been started')
  return part
}

if (parentPort !== null) serve(parentPort, watchMethods)
