import { self } from '../../host/process.ts'
import { WorkloadResolver } from '../../identity/index.ts'
import { typesThatEmit } from '../../components/manifests.ts'
import { TlsFiles } from '../../net/tls-files.ts'
import { collectWhenIdle } from '../../telemetry/memory.ts'
import { liveLimits } from '../config-entries.ts'
import { readTransferSettings } from '../transfer-settings.ts'
import { nodeVersion, version } from '../version.ts'
import type { openOperations, WithRuntime } from './runtime.ts'

type WithOperations = WithRuntime & Awaited<ReturnType<typeof openOperations>>
export type WithApi = WithOperations & Awaited<ReturnType<typeof openApi>>

const renewMs = 30_000

/** Only after the start of all sources their needed frames are known. */
export async function openMaintenance({ runtime, outside }: WithRuntime) {
  const closing = new AbortController()
  const running = Promise.all([runtime.runMaintenance(closing.signal), outside?.watch(closing.signal)])
  return {
    async [Symbol.asyncDispose]() {
      closing.abort()
      await running
    },
  }
}

export async function openAlerts({ alerts }: WithRuntime) {
  await alerts.book.open()
  return { [Symbol.asyncDispose]: () => alerts.stop() }
}

export async function openApi(before: WithOperations) {
  const { host, log, metrics, config, data, tokens, oidc, live, runtime, alerts, networks, workloads } = before
  const { startApi } = await before.apiModule
  const current = () => live.loaded.config
  const certificate = config.tls === null ? undefined : await TlsFiles.open(config.tls, host.disk)
  const api = await startApi({
    tls: certificate?.certificate,
    control: runtime,
    listen: config.listen,
    auth: { tokens, sessionMs: config.auth.session, ...(oidc === undefined ? {} : { oidc }) },
    httpAuth: config.http.auth,
    httpInvalid: config.http.invalid,
    eventsListen: config.http.listen,
    limits: liveLimits(config),
    log,
    metrics,
    host,
    version,
    resolver: new WorkloadResolver(networks, workloads.follower.projection.workloads, () => workloads.named()),
    folder: data,
    draining: () => live.leaving,
    quickFilters: () => current().console.quick_filters,
    budgets: () => current().spend.budgets,
    transferSettings: () => readTransferSettings(current().spend.transfers, host.disk),
    alerts: () => alerts.running,
    alertBook: alerts.book,
    dashboards: () => current().dashboards ?? undefined,
    auditTypes: typesThatEmit('audit'),
  })
  const renewing =
    certificate === undefined
      ? undefined
      : host.timers.every(
          renewMs,
          () => void certificate.renew('the API', log, () => api.renew(certificate.certificate)),
        )
  return {
    api,
    async [Symbol.asyncDispose]() {
      renewing?.cancel()
      await api.close()
    },
  }
}

export async function becomeReady({ host, log, metrics, loaded, live, lock, api, ops, runtime, ...parts }: WithApi) {
  parts.alerts.apply(loaded.alerts, api.url)
  lock.announce({ url: api.url, ops: ops[0]?.url })
  metrics.set('weir_build_info', 1, { version, node: nodeVersion })
  runtime.ready()
  self.keepCompiled()
  collectWhenIdle(host, parts.thread, parts.collections)
  if (api.eventsUrls.length > 0) log.info('source http runs', { addresses: api.eventsUrls.join(' ') })
  for (const { id, addresses } of live.sources)
    log.info(`source ${id} runs`, addresses.length === 0 ? {} : { addresses: addresses.join(' ') })
  return {}
}

/** Before the parts are closed: clients and load balancers move away during `drain`. */
export async function leave({ host, live, runtime }: WithApi): Promise<void> {
  live.leaving = true
  runtime.leave()
  await host.timers.sleep(live.loaded.config.drain)
  runtime.drain()
}
