import type { Remote } from '../engine/rpc.ts'
import type { Runtime } from '../engine/runtime.ts'
import type { Host } from '../host/index.ts'
import { typesThatEmit, watchedTypes } from '../components/manifests.ts'
import { exposition } from '../telemetry/exposition.ts'
import { recordBudget } from '../telemetry/memory.ts'
import type { MetricStore } from '../telemetry/metrics.ts'
import type { NetObservNames } from '../telemetry/netobserv-names.ts'
import { OpsProfiles } from '../telemetry/ops-profiles.ts'
import { startOps } from '../telemetry/ops.ts'
import { takeProfile, type ProfileRequest } from '../telemetry/profile.ts'
import type { WeirConfig } from './config.ts'
import type { SourceWorkers } from './source-workers.ts'
import type { OpenedStore } from './store-port.ts'
import type { ingestMethods } from './workers/ingest.ts'

type OpsParts = Readonly<{
  host: Host
  metrics: MetricStore
  runtime: Runtime
  ingest: Remote<typeof ingestMethods>
  store: OpenedStore | undefined
  sources: SourceWorkers
  current: () => WeirConfig
}>

export async function openOps(
  config: WeirConfig,
  { host, metrics, runtime, ingest, store, sources, current }: OpsParts,
) {
  const profiles = new OpsProfiles(
    new Map([
      ['main', ({ kind, seconds }: ProfileRequest) => takeProfile(kind, () => host.timers.sleep(seconds * 1000))],
      ['ingest', (request: ProfileRequest) => ingest.call('profile', request)],
      ...(store === undefined
        ? []
        : [['store', (request: ProfileRequest) => store.remote.call('profile', request)] as const]),
      ...(Object.values(config.sources).some(({ type }) => watchedTypes.has(type))
        ? [['watch', (request: ProfileRequest) => sources.profile(request)] as const]
        : []),
    ]),
  )
  const scraped = exposition(metrics, undefined, () => netobservNames(current()))
  const counted = async () => {
    await runtime.count()
    recordBudget(metrics, host.memory)
    return scraped()
  }
  return Promise.all(
    config.ops.map((address) =>
      startOps({ ...address, timers: host.timers, metrics: counted, health: () => runtime.health(), profiles }),
    ),
  )
}

function netobservNames({ telemetry, sources, sinks }: WeirConfig): NetObservNames | undefined {
  const { netobserv_prefix: prefix } = telemetry
  if (prefix === null) return undefined
  const others = new Set([...typesThatEmit('resources'), ...typesThatEmit('audit')])
  return {
    prefix,
    sources: new Map(
      Object.values(sources).flatMap(({ id, type }): [string, string][] => (others.has(type) ? [] : [[id, type]])),
    ),
    sinks: new Map(Object.values(sinks).map(({ id, type }) => [id, type])),
  }
}
