import { lowestPosition, type SinkSet } from '../../engine/delivery/sinks.ts'
import { Follower } from '../../engine/follower.ts'
import { storeSink } from '../../engine/ledger/ledger.ts'
import { staticResolver } from '../../identity/index.ts'
import { nowhere } from '../../model/positions.ts'
import { SourceWorkers } from '../source-workers.ts'
import { storeRetention } from '../store-port.ts'
import { Workloads } from '../workloads.ts'
import type { WithJournal } from './threads.ts'

type WithFollower = WithJournal & Awaited<ReturnType<typeof openFollower>>
type WithOutside = WithFollower & Awaited<ReturnType<typeof openOutside>>
export type WithReaders = WithOutside & Awaited<ReturnType<typeof openWorkloads>>

export async function openFollower({ host, journal, tail, offsets, store, serves, accepted, begun }: WithJournal) {
  const places = [
    ...offsets.map(({ record }) => record.position),
    ...(store === undefined ? [] : [store.evidence.position]),
  ]
  // With a shared journal the bus has the positions of sinks.
  const follower = new Follower({
    host,
    directory: journal,
    tail,
    after: places.length === 0 ? { sequence: 0, row: 0 } : lowestPosition(places),
    accepted: serves ? accepted : new Map(),
    before: serves ? begun.sources : [],
  })
  return { follower, [Symbol.asyncDispose]: () => follower.close() }
}

export async function openOutside({ host, log, metrics, config, tail, serves }: WithFollower) {
  const delivering: { sinks?: SinkSet } = {}
  if (config.store.enabled !== 'clickhouse' || !serves) return { delivering, outside: undefined }
  const { ClickHouseStore } = await import('../clickhouse-store.ts')
  const outside = await ClickHouseStore.open({ host, log, metrics, config, tail, sinks: () => delivering.sinks })
  return { delivering, outside }
}

/** Names of workloads, and the store that uses them. */
export async function openWorkloads(before: WithOutside) {
  const { host, log, metrics, config, journal, tail, serves, store, outside, offsets, follower } = before
  const networks = await staticResolver(host, config.identity.networks ?? undefined, log)
  const position = store?.evidence.position ?? offsets.find(({ sink }) => sink === storeSink)?.record.position
  const reader = (store?.port ?? outside)?.reader
  const workloads = await Workloads.open({
    networks,
    host,
    log,
    metrics,
    journal,
    tail,
    config,
    follows: serves,
    store: reader === undefined ? undefined : { reader, position: position ?? nowhere },
  })
  if (store !== undefined) {
    const { status, accepted } = store.evidence
    follower.follow(storeSink, status.sequence, () => true, Object.entries(accepted))
    await store.remote.call('follow', { journal, tail: tail.memory, clusters: workloads.clusters })
  }
  return { networks, workloads, [Symbol.asyncDispose]: () => workloads.stop() }
}

export async function openSources({ ingest, threads, data, journal, epoch, tail, config, shared }: WithReaders) {
  const sources = new SourceWorkers({
    ingest,
    spawn: () => threads.spawn('watch'),
    start: {
      directory: journal,
      state: `${data}/state`,
      epoch,
      tail: tail.memory,
      ...storeRetention(config),
      ...(shared === undefined ? {} : { shared }),
    },
  })
  return { sources }
}
