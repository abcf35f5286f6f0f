import { connect } from '../../engine/rpc.ts'
import { recordFiles } from '../../engine/delivery/record-store.ts'
import { endsWithin } from '../../engine/stopping.ts'
import { self } from '../../host/process.ts'
import { SharedTail } from '../../journal/tail.ts'
import { geoFiles } from '../config-entries.ts'
import { serveIngest, type IngestCalls } from '../ingest-calls.ts'
import { prepareMemory } from '../memory-plan.ts'
import { sharedStart } from '../shared.ts'
import { openStorePort } from '../store-port.ts'
import { Threads } from '../threads.ts'
import { journalLimits } from '../volume.ts'
import type { ingestMethods } from '../workers/ingest.ts'
import type { WithFolder } from './folder.ts'

export type WithThreads = WithFolder & Awaited<ReturnType<typeof openThreads>>
export type WithStore = WithThreads & Awaited<ReturnType<typeof openStore>>
export type WithJournal = WithStore & Awaited<ReturnType<typeof openJournal>>

/** Time for its files to close: under overload the start reads the rest from the journal. */
const storeMs = 3_000
/** Time for a merge of the store to end. */
const threadsMs = 3_000

/** They start beside each other, and beside the modules of the API. */
export async function openThreads({ host, config, reveal, log, write, metrics, traces, failed, onFailed }: WithFolder) {
  const plan = prepareMemory(config, self, host.memory)
  const threads = new Threads({ write, metrics, level: config.log.level, traces, ...plan, onFailed })
  const ingestWorker = threads.spawn('ingest')
  const ingest = connect<typeof ingestMethods>(ingestWorker)
  failed.then((error) => ingest.fail(error)).catch(() => {})
  const shared = sharedStart(config, reveal)
  const serves = shared?.serves !== false
  return {
    collections: plan.collections,
    threads,
    ingestWorker,
    ingest,
    shared,
    serves,
    storeWorker: config.store.enabled === 'parquet' && serves ? threads.spawn('store') : undefined,
    apiModule: import('../../api/index.ts'),
    tail: new SharedTail(),
    async [Symbol.asyncDispose]() {
      if (!(await endsWithin(threads.end(), threadsMs, host.timers)))
        log.warn('A thread did not end in time. The process ends with it. No rows are lost.')
    },
  }
}

export async function openStore({ host, config, data, log, lock, tail, storeWorker }: WithThreads) {
  const offsets = await recordFiles(host, `${data}/journal`).all()
  const store = storeWorker === undefined ? undefined : await openStorePort(storeWorker, config, host, tail, lock.claim)
  return {
    offsets,
    store,
    async [Symbol.asyncDispose]() {
      if (!(await endsWithin(store?.stop() ?? Promise.resolve(), storeMs, host.timers)))
        log.warn('The store did not close in time. It reads the missing rows from the journal at the next start.')
    },
  }
}

export async function openJournal(before: WithStore) {
  const { host, config, data, lock, epoch, tail, shared, ingest, ingestWorker, offsets, store, onFailed } = before
  const calls: IngestCalls = { store: store?.port }
  serveIngest(ingestWorker, calls)
  const journal = `${data}/journal`
  const begun = await ingest.call('start', {
    directory: journal,
    state: `${data}/state`,
    epoch,
    limits: await journalLimits(host, config, data),
    evidence: [
      ...offsets.map(({ position, accepted }) => ({ position, accepted })),
      ...(store === undefined ? [] : [store.evidence]),
    ],
    tail: tail.memory,
    duplicates: { events: config.duplicates.events, ageMs: config.duplicates.age },
    geo: geoFiles(config),
    claim: lock.claim,
    ...(shared === undefined ? {} : { shared }),
  })
  ingest.call('fenced', undefined as never).catch(onFailed)
  store?.remote.call('fenced', undefined as never).catch(onFailed)
  return {
    calls,
    journal,
    begun,
    accepted: new Map(begun.sources.map((source) => [source.name, source.accepted])),
    async [Symbol.asyncDispose]() {
      await ingest.call('stop', undefined as never)
    },
  }
}
