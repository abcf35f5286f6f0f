import type { Host } from '../host/index.ts'
import { traceTarget } from '../model/trace-target.ts'
import type { Log, Metrics } from '../telemetry/ports.ts'
import { withoutUrlSecrets } from '../model/url-text.ts'
import { TraceQueue } from '../telemetry/traces.ts'

type TracesOptions = Readonly<{
  url: string | null
  sample: number
  version: string
  host: Pick<Host, 'timers'>
  log: Log
  metrics: Metrics
}>

/** Opens no connection yet and loads only the configured exporter. Throws for an invalid URL. */
export async function openTraces({
  url,
  sample,
  version,
  host: { timers },
  log,
  metrics,
}: TracesOptions): Promise<TraceQueue | undefined> {
  const target = traceTarget(url ?? 'noop://')
  if (target.is === 'off') return undefined
  if (target.is === 'problem') throw new Error(target.message)
  if (target.warning !== undefined) log.warn(target.warning)
  const service = { name: 'weir', version }
  const sender =
    target.is === 'otlp'
      ? (await import('./traces-otlp.ts')).openOtlp(target.url, service)
      : (await import('./traces-zipkin.ts')).openZipkin(target.url, service, timers)
  log.info('traces are sent', { to: withoutUrlSecrets(target.url), as: target.is })
  return new TraceQueue({ sender, sample: 1 / sample, timers, log, metrics })
}
