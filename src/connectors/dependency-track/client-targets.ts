/** The servers of a sink, and the key for each report. */
import type { Context, Probe } from '../../engine/contracts.ts'
import type { Attempt } from '../../engine/delivery/in-order.ts'
import { messageOf } from '../../model/errors.ts'
import type { ImageReport } from '../../model/insights.ts'
import { revealSecret } from '../../net/secrets.ts'
import { DependencyTrack } from './client.ts'
import { Pause } from './client-pause.ts'
import { NamespaceSecrets } from './client-secret.ts'
import type { DependencyTrackConfig } from './config.ts'
import { endpointOf, keyVariable, productionOnly } from './map-custom.ts'
import type { Rejected } from './map.ts'

type Target = Readonly<{
  server: DependencyTrack
  key: string
  production_only: boolean
  /** Pause of a server that belongs to a tenant. */
  pause?: Pause
}>

export interface Targets {
  /** A text is the reason to filter the report. Never rejects. */
  of(report: ImageReport, signal: AbortSignal): Promise<Target | string | NonNullable<Attempt>>
  /** URL for a preview. A text is the reason to filter the report. */
  url(report: ImageReport): Readonly<{ url: string }> | string | Rejected
  probe(signal: AbortSignal): Promise<Probe>
  close(): void
}

/** Rejects if a file of TLS or a kubeconfig is unreadable. */
export function openTargets(config: DependencyTrackConfig, context: Context): Promise<Targets> {
  const { url, api_key: key, custom } = config
  return custom === null ? single(url ?? '', key, config, context) : byAnnotation(custom, config, context)
}

async function single(
  url: string,
  key: DependencyTrackConfig['api_key'],
  config: DependencyTrackConfig,
  context: Context,
): Promise<Targets> {
  const server = await DependencyTrack.open(url, config, context)
  const current = (): string => (key === null ? '' : revealSecret(key))
  return {
    async of() {
      try {
        return await Promise.resolve({ server, key: current(), production_only: config.production_only })
      } catch (error) {
        return { is: 'retry', reason: messageOf(error), away: true }
      }
    },
    url: () => ({ url }),
    probe: async (signal) => server.probe(current(), signal),
    close: () => server.close(),
  }
}

async function byAnnotation(
  { endpoints, secret, kubeconfig }: NonNullable<DependencyTrackConfig['custom']>,
  config: DependencyTrackConfig,
  context: Context,
): Promise<Targets> {
  const secrets = await NamespaceSecrets.open(kubeconfig, secret, context.host)
  const opened = endpoints.map(async (url) => [url, await DependencyTrack.open(url, config, context)] as const)
  const servers = new Map(await Promise.all(opened))
  const pauses = new Map(endpoints.map((url) => [url, new Pause(context.host.clock)]))
  return {
    async of(report, signal) {
      const endpoint = endpointOf(report, endpoints)
      if (typeof endpoint === 'string' || 'is' in endpoint) return endpoint
      const server = servers.get(endpoint.url)
      const pause = pauses.get(endpoint.url)
      if (server === undefined || pause === undefined) return 'no_endpoint'
      try {
        const values = (await secrets.of(report.namespace, signal)) ?? {}
        const key = values[keyVariable] ?? ''
        if (key !== '') return { server, key, production_only: productionOnly(values) ?? config.production_only, pause }
        const reason = `Secret ${report.namespace}/${secret} has no ${keyVariable}`
        return { is: 'reject', reason }
      } catch (error) {
        return { is: 'retry', reason: messageOf(error), away: true }
      }
    },
    url: (report) => endpointOf(report, endpoints),
    async probe(signal) {
      try {
        await secrets.of('default', signal)
        return { is: 'ok', message: `Secrets can be read; ${endpoints.length} endpoints are allowed` }
      } catch (error) {
        return { is: 'fail', message: messageOf(error) }
      }
    },
    close() {
      secrets.close()
      for (const server of servers.values()) server.close()
    },
  }
}
