import { MessageChannel, type Worker } from 'node:worker_threads'
import type { StoreStatus } from '../engine/ledger/ledger.ts'
import { connect, type Remote } from '../engine/rpc.ts'
import type { StorePort } from '../engine/runtime-parts.ts'
import { connectStore } from '../store/serve.ts'
import type { Claim } from '../host/folder-claim.ts'
import type { Host } from '../host/index.ts'
import type { SharedTail } from '../journal/tail.ts'
import type { WeirConfig } from './config.ts'
import { identityFolder, nameSettings } from './config-entries.ts'
import { roomOf, storeSize } from './volume.ts'
import { limitQueries } from './query-limit.ts'
import type { storeMethods, StoreOpen } from './workers/store.ts'

export type OpenedStore = Readonly<{
  remote: Remote<typeof storeMethods>
  port: StorePort
  evidence: Awaited<ReturnType<(typeof storeMethods)['open']>>
  /** Stores the rows that have arrived, and refuses queries. A second call waits for the first. */
  stop(): Promise<void>
}>

export function storeRetention({ store }: WeirConfig): { readonly storeRetentionMs?: number } {
  if (store.enabled === 'none') return {}
  return { storeRetentionMs: store.clickhouse === null ? (store.age ?? Infinity) : store.clickhouse.ttl.events }
}

const maxFreshMs = 2000

/** Opens the store in its worker. Queries use a separate port, so that results do not wait behind control messages. */
export async function openStorePort(
  worker: Worker,
  config: WeirConfig,
  host: Host,
  tail: SharedTail,
  claim: Claim,
): Promise<OpenedStore> {
  const remote = connect<typeof storeMethods>(worker)
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  const { port1, port2 } = new MessageChannel()
  const maxBytes = await storeSize(host, config, `${config.data}/store`)
  const options: StoreOpen = {
    directory: `${config.data}/store`,
    networks: config.identity.networks ?? undefined,
    identity: identityFolder(config),
    names: nameSettings(config),
    retain: {
      ...(config.store.age === null ? {} : { ageMs: config.store.age }),
      rollupAgesMs: {
        flows_1m: config.store.rollups['1m'],
        flows_5m: config.store.rollups['5m'],
        flows_1h: config.store.rollups['1h'],
      },
      bytes: maxBytes,
    },
    room: { ...roomOf(config.journal), journal: `${config.data}/journal` },
    sql: { memoryBytes: config.sql.memory, timeoutMs: config.sql.timeout },
    memory: `${Math.round(config.store.memory / 1e6)}MB`,
    queries: port2,
    claim,
    from: config.store.from ?? undefined,
  }
  const evidence = await remote.call('open', options, [port2])
  let status: StoreStatus = evidence.status
  worker.on('message', (message: { status?: StoreStatus }) => {
    if (message.status !== undefined) status = message.status
  })
  const store = connectStore(port1)
  let stopping: Promise<void> | undefined
  const fresh = async () => {
    const { sequence } = tail.durable()
    if (status.sequence >= sequence) return true
    return remote.call('fresh', { sequence, ms: maxFreshMs })
  }
  const reader = {
    ...limitQueries(store, config.store.query_timeout, host.timers),
    sums: async () => (await store.status()).sums,
    fresh,
  }
  return {
    remote,
    evidence,
    stop: () =>
      (stopping ??= Promise.race([ended, remote.call('stop', undefined as never).then(() => undefined)]).finally(() =>
        store.close(),
      )),
    port: {
      reader,
      maxBytes,
      status: () => status,
      giveWay: () => remote.call('giveWay', undefined as never),
      settled: async (sequence) => (status = await remote.call('settled', sequence)),
    },
  }
}
