import type { OtlpResource } from '../../codecs/otlp/index.ts'
import type { Context, Probe } from '../../engine/contracts.ts'
import { withoutSecretsOf } from '../../model/url-text.ts'
import type { OtlpConfig } from './config.ts'
import type { Exported } from './map.ts'

/** Sends encoded requests. `export` makes one attempt and never rejects. */
export interface Exporter {
  readonly to: string
  export(body: Uint8Array, signal: AbortSignal): Promise<Exported>
  close(): void
}

export async function openExporter(config: OtlpConfig, { id, host, metrics, log }: Context): Promise<Exporter> {
  const open = config.url.startsWith('grpc')
    ? (await import('./client-grpc.ts')).openGrpc
    : (await import('./client-http.ts')).openHttp
  const exporter = await open(config, host)
  let warned: string | undefined
  return {
    to: exporter.to,
    async export(body, signal) {
      const outcome = await exporter.export(body, signal)
      const name = outcome.is === 'retry' ? 'failed' : outcome.is === 'reject' ? 'rejected' : outcome.is
      metrics.count('weir_otlp_requests_total', 1, { sink: id, signal: config.signal, outcome: name })
      if (outcome.is === 'accepted' && outcome.warning !== undefined && outcome.warning !== warned) {
        warned = outcome.warning
        log.warn(`The receiver of sink ${id} accepted a request with a warning: ${outcome.warning}`)
      }
      return 'reason' in outcome
        ? { ...outcome, reason: withoutSecretsOf(config.url, `${exporter.to}: ${outcome.reason}`) }
        : outcome
    },
    close: () => exporter.close(),
  }
}

/** Sends a request without records, which every receiver accepts. */
export async function probe(exporter: Exporter, { signal: kind }: OtlpConfig, signal: AbortSignal): Promise<Probe> {
  const outcome = await exporter.export(new Uint8Array(0), signal)
  if (outcome.is === 'retry') return { is: 'fail', message: outcome.reason }
  if (outcome.is === 'reject')
    return { is: 'warn', message: `${outcome.reason}; it responds, but refuses a request without ${kind}` }
  return { is: 'ok', message: `${exporter.to}: it accepts a request without ${kind}` }
}

export function resourceOf({ service_name: name, resource }: OtlpConfig): OtlpResource {
  return { attributes: { 'service.name': name, ...resource }, scope: { name: 'weir', version: '' } }
}
