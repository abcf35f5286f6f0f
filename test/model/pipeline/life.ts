import { DeadLetterFile } from '../../../src/engine/delivery/dead-letter-file.ts'
import { Admission } from '../../../src/engine/dedupe/admission.ts'
import { defaultDelivery, type DeliverySettings } from '../../../src/engine/delivery/settings.ts'
import { DuplicateWindow } from '../../../src/engine/dedupe/duplicates.ts'
import { Follower } from '../../../src/engine/follower.ts'
import { counterLease } from '../../../src/engine/sources/lease.ts'
import type { Log, Metrics, Resolver } from '../../../src/engine/contracts.ts'
import { storeSink, type StoreStatus } from '../../../src/engine/ledger/ledger.ts'
import { StoreSelection } from '../../../src/engine/store-selection.ts'
import { Runtime } from '../../../src/engine/runtime.ts'
import { recordFiles } from '../../../src/engine/delivery/record-store.ts'
import { lowestPosition, SinkSet, type SinkEntry } from '../../../src/engine/delivery/sinks.ts'
import { openJournal, openReader, type JournalReader, type SegmentWriter } from '../../../src/journal/index.ts'
import { filePartition, nowhere } from '../../../src/model/positions.ts'
import { openStore, type Store } from '../../../src/store/index.ts'
import type { FakeHost } from '../../kit/fake-host.ts'
import { MemoryTables } from '../../kit/memory-tables.ts'
import type { Run } from './operations.ts'
import { sinks as sinkIds, types } from './operations.ts'
import type { OtherSide } from './other-side.ts'

export const journalFolder = '/data/journal'
export const storeFolder = '/data/store'

/** Every repeated push of a run is within the window. */
const endlessWindow = { events: 1_000_000, ageMs: 1e12 }

const metrics: Metrics = { count: () => {}, set: () => {} }
const resolver: Resolver = { generation: 1, resolve: () => ({ is: 'unknown' }) }

/** One life of a process, composed as in `weir run`. */
export interface Life {
  readonly host: FakeHost
  readonly journal: SegmentWriter
  readonly admission: Admission
  readonly window: DuplicateWindow
  readonly store: Store
  readonly reader: JournalReader
  readonly sinks: SinkSet
  readonly runtime: Runtime
  readonly errors: string[]
  snapshot(): Promise<void>
  /** A clean stop in the order of `weir run`. */
  stop(): Promise<void>
}

export function sinkEntries(run: Run): SinkEntry[] {
  const settings: DeliverySettings = {
    ...defaultDelivery,
    batch: { events: run.batchEvents, bytes: 2000, waitMs: 0 },
    retry: { firstMs: 200, maxMs: 2000, ...(run.giveUp ? { maxElapsedMs: 2000 } : {}) },
    ...(run.drop ? { retain: { bytes: 1500, ageMs: 3_600_000 } } : { whenBehind: 'block' }),
  }
  return [
    { id: sinkIds[0], type: sinkIds[0], settings: {}, delivery: settings, written: '1' },
    {
      id: sinkIds[1],
      type: sinkIds[1],
      settings: {},
      delivery: { ...settings, from: ['alpha', 'beta'], only: { type: [types[0]] } },
      written: '1',
    },
  ]
}

function statusOf(store: Store): StoreStatus {
  const { positions, stored, quarantined, filtered } = store.ledger()
  return {
    sequence: positions[filePartition]?.sequence ?? 0,
    holds: store.projection.holds()[filePartition]?.sequence ?? 0,
    stored,
    quarantined,
    filtered,
  }
}

export async function begin(host: FakeHost, run: Run, others: readonly OtherSide[]): Promise<Life> {
  const errors: string[] = []
  const log: Log = {
    debug: () => {},
    info: () => {},
    warn: () => {},
    error: (message, fields) => void errors.push(`${message} ${JSON.stringify(fields ?? {})}`),
  }
  const directory = journalFolder
  const epoch = await counterLease(host, '/data/epoch').acquire()
  const offsets = await recordFiles(host, directory).all()
  const store = await openStore({
    host,
    directory: storeFolder,
    resolver,
    log,
    metrics,
    writer: () => Promise.resolve(new MemoryTables(host.disk)),
  })
  const { positions, accounted } = store.ledger()
  const stored = { position: positions[filePartition] ?? nowhere, accepted: accounted }
  const journal = await openJournal({
    host,
    directory,
    epoch,
    limits: { segmentBytes: run.segmentBytes, keepBytes: 0, reserveBytes: 0 },
    evidence: [...offsets.map(({ position, accepted }) => ({ position, accepted })), stored],
  })
  const { tail } = journal
  const window = await DuplicateWindow.open(host, '/data/state/duplicates', endlessWindow)
  await replay(window, openReader({ host, directory, tail, after: window.position()[filePartition] ?? nowhere }))
  const accepted = new Map([...journal.totals()].map(([name, total]) => [name, total.accepted]))
  const follower = new Follower({
    host,
    directory,
    tail,
    after: lowestPosition([...offsets.map(({ record }) => record.position), stored.position]),
    accepted,
  })
  follower.follow(storeSink, stored.position.sequence, () => true, Object.entries(stored.accepted))
  const sinks = new SinkSet({
    host,
    log,
    metrics,
    directory,
    deadLetters: (sink) => new DeadLetterFile(host, '/data/dead-letters', sink),
    tail,
    follower,
    load: (type) =>
      Promise.resolve(
        (others[sinkIds.findIndex((id) => id === type)] as OtherSide).definition(type === 'all' ? 'token' : 'none'),
      ),
    accepted: () => follower.accepted(),
  })
  const runtime = new Runtime({
    runs: { stops: () => [] },
    host,
    log,
    metrics,
    directory,
    tail,
    follower,
    sinks,
    reload: () => Promise.resolve({ ok: true, changed: [], problems: [] }),
    selection: new StoreSelection(undefined),
    workloads: { holds: undefined, of: () => undefined },
    ingest: {
      append: () => Promise.reject(new Error('not in the model')),
      appendAgain: () => Promise.reject(new Error('not in the model')),
      release: async (sequence) => {
        await journal.release(sequence)
        return {
          bytes: journal.size(),
          segments: journal.segments().length,
          holds: 0,
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
    store: {
      reader: store.reader,
      maxBytes: Infinity,
      status: () => statusOf(store),
      settled: () => Promise.resolve(statusOf(store)),
      giveWay: () => Promise.resolve(false),
    },
    sources: () => [],
    http: () => ({ ack: 'journal', ackTimeoutMs: 1000 }),
  })
  const applied = await sinks.apply(sinkEntries(run))
  if (applied.failed !== undefined) throw new Error(`sink ${applied.failed.id}: ${applied.failed.message}`)
  const house = new AbortController()
  const housekeeping = runtime.runMaintenance(house.signal)
  const reader = openReader({ host, directory, tail, after: stored.position })
  const admission = new Admission(journal, window)

  const snapshot = async (): Promise<void> => {
    if (admission.idle) window.reached({ sequence: tail.durable().sequence, row: tail.durable().row })
    await window.commit()
  }
  return {
    host,
    journal,
    admission,
    window,
    store,
    reader,
    sinks,
    runtime,
    errors,
    snapshot,
    async stop() {
      await sinks.stop()
      house.abort()
      await housekeeping
      await follower.close()
      await reader.close()
      await store.close()
      await snapshot()
      await journal.close()
    },
  }
}

async function replay(window: DuplicateWindow, reader: JournalReader): Promise<void> {
  try {
    for (let frames = await reader.ready(1 << 20); frames.length > 0; frames = await reader.ready(1 << 20))
      await window.apply(frames)
  } finally {
    await reader.close()
  }
}
