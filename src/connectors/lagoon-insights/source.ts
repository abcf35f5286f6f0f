import type { AwaitedSink, Source, SourceContext } from '../../engine/contracts.ts'
import { defineSource } from '../../engine/define.ts'
import type { SourceHealth } from '../../engine/sources/health.ts'
import { openHttpListeners } from '../../net/http/listeners.ts'
import { openLeaderLease } from '../../net/kubernetes/leader-lease.ts'
import { isWeakSecret, leastSecret } from '../../net/lagoon-token.ts'
import { revealSecret } from '../../net/secrets.ts'
import { TlsFiles } from '../../net/tls-files.ts'
import { WeirError } from '../../model/errors.ts'
import { runAsLeader } from '../../polling/leader.ts'
import { ackSink } from '../../schema/values.ts'
import { Cluster } from './client.ts'
import { probeInsights } from './client/probe.ts'
import type { InsightsConfig, insightsSchema } from './config.ts'
import { ConfigMapController } from './source/configmaps.ts'
import { ReportContents } from './source/contents.ts'
import type { AwaitedSinks } from './source/delivery.ts'
import { InsightsWeb } from './source/http.ts'
import { Namespaces } from './source/namespaces.ts'
import { PendingReports } from './source/pending.ts'
import { BuildScanner } from './source/scanner.ts'
import { TokenController } from './source/tokens.ts'

const renewMs = 30_000

export const source = defineSource<typeof insightsSchema>('lagoon-insights', {
  build: openInsights,
  probe: probeInsights,
})

export interface InsightsStatus {
  readonly leads: boolean
  readonly configmaps: { readonly queued: number; readonly pending: number }
}

export interface InsightsSource extends Source {
  status(): InsightsStatus
  health(): SourceHealth | undefined
}

/** Opens even if the cluster is unreachable; the failure is logged and retried. */
export async function openInsights(config: InsightsConfig, context: SourceContext): Promise<InsightsSource> {
  const secrets = secretsOf(config)
  const cluster = await Cluster.open(config.kubeconfig, context.host)
  const namespaces = config.tokens || (config.listen.length > 0 && config.bind_tokens) ? new Namespaces() : undefined
  const contents = await ReportContents.open(config, context)
  const pending = await PendingReports.open(context.host, context.state)
  const lease = await openLeaderLease(config.lease, context)
  const record = lease?.record ?? context.replay?.shared?.leaderRecord
  const sinks: AwaitedSinks = {
    core: sinkOf(config.ack, context),
    track: sinkOf(config.ack_dependency_track, context),
    custom: sinkOf(config.ack_custom_endpoint, context),
  }
  let leads = record === undefined
  let isLeader = (): boolean => leads
  const controller = new ConfigMapController({
    config,
    context,
    cluster,
    pending,
    contents,
    sinks,
    isLeader: () => isLeader(),
  })
  const tokens =
    config.tokens && namespaces !== undefined
      ? new TokenController({ config, context, cluster, namespaces, secrets })
      : undefined
  const scanner =
    config.scanner === null ? undefined : new BuildScanner({ config, scanner: config.scanner, context, cluster })
  const web = new InsightsWeb({
    config,
    context,
    contents,
    secrets,
    namespaces: config.bind_tokens ? namespaces : undefined,
  })
  const { addresses, serve } = await openListeners(config, context, web)
  const problem = (): string | undefined =>
    namespaces?.problem ?? (leads ? (controller.problem ?? tokens?.problem ?? scanner?.problem) : undefined)
  const lead = async (signal: AbortSignal): Promise<void> => {
    const readConfigMaps = async (): Promise<void> => {
      const waiting = (why: string): void =>
        context.log.warn('ConfigMaps wait for a sink.', { source: context.id, reason: why })
      for (const sink of Object.values(sinks)) await sink?.ready(signal, waiting)
      await controller.run(signal)
    }
    await Promise.all([
      config.configmaps ? readConfigMaps() : undefined,
      pending.run(signal),
      tokens?.run(signal),
      scanner?.run(signal),
    ])
  }
  const elect = (signal: AbortSignal): Promise<void> =>
    record === undefined
      ? lead(signal)
      : runAsLeader(
          {
            context,
            record,
            what: 'ConfigMaps with insights',
            state: () => ({}),
            ...(lease === undefined ? {} : { durationMs: lease.durationMs }),
            onLeadership: (now) => {
              leads = now
            },
          },
          signal,
          async (leading, _before, is) => {
            isLeader = is
            await lead(leading)
          },
        )
  return {
    addresses,
    status: () => ({ leads, configmaps: controller.status }),
    health: () => {
      const why = problem()
      return why === undefined ? undefined : { why, counts: 'lasting' }
    },
    async run(signal) {
      try {
        await Promise.all([serve(signal), elect(signal), namespaces?.run(cluster, context, signal)])
      } finally {
        lease?.close()
        cluster.close()
      }
    },
  }
}

async function openListeners(
  config: InsightsConfig,
  context: SourceContext,
  { listener, closing }: InsightsWeb,
): Promise<Readonly<{ addresses: readonly string[]; serve: (signal: AbortSignal) => Promise<void> }>> {
  const files = config.listen.length === 0 ? undefined : await TlsFiles.ofListener(config.tls, context.host.disk)
  const listeners = await openHttpListeners({ places: config.listen, tls: files?.current, listener, closing })
  return {
    addresses: listeners.addresses,
    async serve(signal) {
      while (!signal.aborted) {
        await context.host.timers.sleep(renewMs, signal)
        await files?.renew('the insights listener', context.log, () => listeners.renew(files.current), {
          source: context.id,
        })
      }
      await listeners.close()
    },
  }
}

/** The current one first. Throws WEIR_CONFIG_INVALID for a weak one. */
function secretsOf({ token_secret, previous_secret, allow_weak_secret: allowed }: InsightsConfig): string[] {
  const secrets = [token_secret, previous_secret].flatMap((secret) => (secret === null ? [] : [revealSecret(secret)]))
  if (secrets[0] !== undefined && !allowed && isWeakSecret(secrets[0]))
    throw new WeirError(
      'WEIR_CONFIG_INVALID',
      `\`token_secret\` can be guessed, and tokens signed with it can be forged: set at least ${leastSecret} random ` +
        'bytes, or `allow_weak_secret` for development',
    )
  return secrets
}

function sinkOf(ack: string | null, { awaited }: SourceContext): AwaitedSink | undefined {
  const sink = ackSink(ack ?? 'journal')
  if (sink === undefined) return undefined
  if (awaited === undefined) throw new Error(`ack: sink:${sink}: this process runs no sinks`)
  return awaited(sink)
}
