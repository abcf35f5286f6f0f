import type { GeneratedToken } from '../../api/access/generated-token.ts'
import type { ReloadReport } from '../../engine/control.ts'
import type { Host } from '../../host/index.ts'
import { typesThatEmit } from '../../components/manifests.ts'
import type { ProgramLog } from '../../telemetry/log.ts'
import { endsWithin } from '../../engine/stopping.ts'
import { dataError } from '../lock.ts'
import type { ConfigArguments, Loaded } from '../load-config.ts'
import { shutDown } from '../shutdown.ts'
import { becomeReady, leave, openAlerts, openApi, openMaintenance, type WithApi } from './api.ts'
import { openDelivery, runSinks, runSources } from './delivery.ts'
import { openAccess, openFolder, openRun } from './folder.ts'
import { PartList } from './part-list.ts'
import { openFollower, openOutside, openSources, openWorkloads } from './readers.ts'
import { openOperations, openRuntime } from './runtime.ts'
import { openTelemetry, type Given } from './telemetry.ts'
import { openJournal, openStore, openThreads } from './threads.ts'

export interface RunningWeir {
  readonly url: string
  readonly opsUrls: readonly string[]
  readonly login: GeneratedToken | undefined
  readonly log: ProgramLog
  /** A source listens for exporters, but this folder never received a flow. */
  readonly silent: boolean
  readonly failed: Promise<Error>
  reload(): Promise<ReloadReport>
  stop(): Promise<void>
  /** After a part has ended: saves the positions of sinks and closes the store, within two seconds. */
  abandon(): Promise<void>
  /** Closes the store and ends the threads, within two seconds: an exit during work of DuckDB would be an abort. */
  endThreads(): Promise<void>
}

/** Weir starts in this order, and stops in the opposite one. */
export const parts = new PartList<Given>()
  .with('logs, metrics and traces', openTelemetry)
  .with('the data folder', openFolder)
  .with('access', openAccess)
  .with('the times of runs', openRun)
  .with('the threads', openThreads)
  .with('the store', openStore)
  .with('the journal', openJournal)
  .with('the ledger', openFollower)
  .with('the store in ClickHouse', openOutside)
  .with('names of workloads', openWorkloads)
  .with('the threads of sources', openSources)
  .with('the set of sinks', openDelivery)
  .with('the runtime', openRuntime)
  .with('metrics and health over HTTP', openOperations)
  .with('the sinks', runSinks)
  .with('the sources', runSources)
  .with('the maintenance', openMaintenance)
  .with('the alerts', openAlerts)
  .with('the API', openApi)
  .with('readiness', becomeReady)

const [abandonMs, endMs] = [2_000, 2_000]

/** Rejects when a part ends during the start; the parts opened before are then closed. */
export async function startWeir(
  host: Host,
  loaded: Loaded,
  flags: ConfigArguments,
  list: typeof parts = parts,
): Promise<RunningWeir> {
  const { promise: failed, resolve: onFailed } = Promise.withResolvers<Error>()
  const broken = failed.then((error) => Promise.reject<never>(error))
  try {
    const started = await list.start({ host, loaded, flags, failed, onFailed }, host, broken)
    const { api, ops, log, generated, reload } = started.parts
    return {
      url: api.url,
      opsUrls: ops.map(({ url }) => url),
      login: generated,
      log,
      silent: isSilent(started.parts),
      failed,
      reload,
      async stop() {
        await leave(started.parts)
        await shutDown({ host, log }, started)
      },
      abandon: () => abandon(started.parts),
      endThreads: () => endThreads(started.parts),
    }
  } catch (error) {
    throw dataError(loaded.config.data, error)
  }
}

function isSilent({ live, accepted }: WithApi): boolean {
  const receiving = live.sources.filter(
    ({ type, addresses }) => typesThatEmit('flows').has(type) && addresses.length > 0,
  )
  return receiving.length > 0 && receiving.every(({ id }) => (accepted.get(id) ?? 0) === 0)
}

async function abandon({ host, live, runtime, sinks, delivery, store }: WithApi): Promise<void> {
  live.leaving = true
  runtime.leave()
  const closing = Promise.allSettled([sinks.stop(), delivery?.stop(), store?.stop()])
  await endsWithin(closing, abandonMs, host.timers)
}

async function endThreads({ host, store, threads }: WithApi): Promise<void> {
  const stopped = store?.stop().catch(() => {}) ?? Promise.resolve()
  await endsWithin(
    stopped.then(() => threads.end()),
    endMs,
    host.timers,
  )
}
