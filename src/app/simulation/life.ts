/** One life of a simulated process: journal, sources, transforms, delivery and ledger as `weir run` composes them. */
import { DuplicateWindow } from '../../engine/dedupe/duplicates.ts'
import { Admission } from '../../engine/dedupe/admission.ts'
import { DeadLetterFile } from '../../engine/delivery/dead-letter-file.ts'
import { recordFiles } from '../../engine/delivery/record-store.ts'
import { lowestPosition, SinkSet, type SinkEntry } from '../../engine/delivery/sinks.ts'
import { Follower } from '../../engine/follower.ts'
import { Runtime } from '../../engine/runtime.ts'
import { counterLease } from '../../engine/sources/lease.ts'
import { SourceSet, type SourceEntry } from '../../engine/sources/sources.ts'
import { StoreSelection } from '../../engine/store-selection.ts'
import type { Log, Metrics, SinkDefinition, SourceDefinition } from '../../engine/contracts.ts'
import type { SimulatedHost } from '../../host/simulated/machine.ts'
import { openJournal, openReader, type JournalLimits, type SegmentWriter } from '../../journal/index.ts'
import { filePartition, nowhere } from '../../model/positions.ts'
import { WeirError } from '../../model/errors.ts'
import { loadedTransform } from '../transforms.ts'

export type LifeOptions = Readonly<{
  host: SimulatedHost
  log: Log
  metrics: Metrics
  limits: Partial<JournalLimits>
  duplicates: Readonly<{ events: number; ageMs: number }>
  sources: readonly SourceEntry[]
  sinks: readonly SinkEntry[]
  /** By the type of an entry. */
  source: (type: string) => SourceDefinition<unknown>
  /** By the type of an entry; undefined: a transform. */
  sink: (type: string) => SinkDefinition<unknown> | undefined
  /** Time between two rounds of maintenance, ms. */
  maintenanceMs: number
  /** Positions that the sinks read. */
  appended: (sequence: number, received: number) => void
}>

export interface Life {
  readonly journal: SegmentWriter
  readonly sinks: SinkSet
  readonly runtime: Runtime
  /** Ends with the host. */
  readonly maintenance: Promise<void>
  /** Makes the duplicate window durable, as every ten seconds. */
  snapshot(): Promise<void>
}

const folder = '/data'
const directory = `${folder}/journal`

export async function begin(options: LifeOptions): Promise<Life> {
  const { host } = options
  await host.disk.makeDirectory(folder)
  await host.disk.syncDirectory('/')
  const epoch = await counterLease(host, `${folder}/epoch`).acquire()
  const offsets = await recordFiles(host, directory).all()
  const runtimes: Runtime[] = []
  const windows: DuplicateWindow[] = []
  const windowHolds = () => windows[0]?.holds()[filePartition]?.sequence ?? 0
  const journal = await openJournal({
    host,
    directory,
    epoch,
    limits: options.limits,
    evidence: offsets.map(({ position, accepted }) => ({ position, accepted })),
    makeRoom: async (sequence) => Math.min((await runtimes[0]?.makeRoom(sequence)) ?? 0, windowHolds()),
  })
  const { tail } = journal
  const window = await DuplicateWindow.open(host, `${folder}/state/duplicates`, options.duplicates)
  windows.push(window)
  await replay(window, openReader({ host, directory, tail, after: window.position()[filePartition] ?? nowhere }))
  const admission = new Admission(journal, window)
  const accepted = new Map([...journal.totals()].map(([name, total]) => [name, total.accepted]))
  const positions = offsets.map(({ record }) => record.position)
  const follower = new Follower({
    host,
    directory,
    tail,
    after: positions.length > 0 ? lowestPosition(positions) : nowhere,
    accepted,
  })
  const sinks = openSinks(options, journal, follower)
  const snapshot = async () => {
    if (admission.idle) window.reached({ sequence: tail.durable().sequence, row: tail.durable().row })
    await window.commit()
  }
  const runtime = openRuntime(options, { journal, sinks, follower, holds: windowHolds })
  runtimes.push(runtime)
  const applied = await sinks.apply(options.sinks)
  if (applied.failed !== undefined)
    throw new WeirError('WEIR_CONFIG_INVALID', `sink ${applied.failed.id}: ${applied.failed.message}`)
  await startSources(options, journal, admission)
  return { journal, sinks, runtime, maintenance: runtime.runMaintenance(new AbortController().signal), snapshot }
}

async function startSources(options: LifeOptions, journal: SegmentWriter, admission: Admission) {
  const { host, log, metrics } = options
  const sources = new SourceSet({
    host,
    log,
    metrics,
    journal,
    admission,
    awaited: () => ({ ready: () => Promise.resolve(true), settled: () => Promise.resolve('settled') }),
    load: (type) => Promise.resolve(options.source(type)),
  })
  const { failed } = await sources.apply(options.sources)
  if (failed !== undefined) throw new WeirError('WEIR_CONFIG_INVALID', `source ${failed.id}: ${failed.message}`)
}

function openSinks(options: LifeOptions, journal: SegmentWriter, follower: Follower): SinkSet {
  const { host, log, metrics } = options
  return new SinkSet({
    host,
    log,
    metrics,
    directory,
    deadLetters: (sink) => new DeadLetterFile(host, `${folder}/dead-letters`, sink),
    tail: journal.tail,
    follower,
    load: async (type) => {
      const target = options.sink(type)
      if (target !== undefined) return target
      return (await loadedTransform(type))({
        cursor: (source) => Promise.resolve(journal.totals().get(source)?.cursor),
        append: async (unit) => {
          const { received } = unit
          const appended = await journal.append(unit)
          options.appended(appended.position.sequence, received)
        },
      })
    },
    accepted: () => follower.accepted(),
  })
}

type Parts = Readonly<{ journal: SegmentWriter; sinks: SinkSet; follower: Follower; holds: () => number }>

function openRuntime(options: LifeOptions, { journal, sinks, follower, holds }: Parts): Runtime {
  const { host, log, metrics, maintenanceMs } = options
  const unused = () => Promise.reject(new Error('not simulated'))
  return new Runtime({
    host: { ...host, timers: { ...timersOf(host), tick: (_, signal) => host.timers.sleep(maintenanceMs, signal) } },
    log,
    metrics,
    directory,
    tail: journal.tail,
    follower,
    sinks,
    runs: { stops: () => [] },
    reload: () => Promise.resolve({ ok: true, changed: [], problems: [] }),
    selection: new StoreSelection(undefined),
    store: undefined,
    workloads: { holds: undefined, of: () => undefined },
    ingest: {
      append: unused,
      appendAgain: unused,
      async release(sequence) {
        await journal.release(Math.min(sequence, holds()))
        return {
          bytes: journal.size(),
          segments: journal.segments().length,
          holds: holds(),
          tight: journal.tight,
          sources: [],
        }
      },
      feeds: () => Promise.resolve({}),
      manifest: () => Promise.resolve(undefined),
      health: () => Promise.resolve({}),
      status: () => Promise.resolve({}),
      places: () => Promise.resolve(new Map()),
    },
    sources: () => options.sources.map(({ id, type }) => ({ id, type, addresses: [] })),
    http: () => ({ ack: undefined, ackTimeoutMs: 1000 }),
  })
}

/** Methods of a class instance, which a spread would lose. */
function timersOf({ timers }: SimulatedHost) {
  return {
    after: timers.after.bind(timers),
    every: timers.every.bind(timers),
    sleep: timers.sleep.bind(timers),
    yield: timers.yield.bind(timers),
  }
}

async function replay(window: DuplicateWindow, reader: ReturnType<typeof openReader>) {
  try {
    for (let frames = await reader.ready(1 << 20); frames.length > 0; frames = await reader.ready(1 << 20))
      await window.apply(frames)
  } finally {
    await reader.close()
  }
}
