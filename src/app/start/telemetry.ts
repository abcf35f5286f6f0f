import type { SourceReport } from '../../engine/sources/sources.ts'
import type { Host } from '../../host/index.ts'
import { self } from '../../host/process.ts'
import { metricTable } from '../../components/manifests.ts'
import { openTraces } from '../../net/traces.ts'
import type { Secret } from '../../schema/values.ts'
import { lineWriter, ProgramLog } from '../../telemetry/log.ts'
import { MetricStore } from '../../telemetry/metrics.ts'
import type { ConfigArguments, Loaded } from '../load-config.ts'
import { version } from '../version.ts'

export type Given = Readonly<{
  host: Host
  loaded: Loaded
  flags: ConfigArguments
  /** Resolves when a part ends before it is closed. */
  failed: Promise<Error>
  onFailed: (error: Error) => void
}>

/** What changes while Weir runs. */
export type Live = {
  loaded: Loaded
  sources: readonly SourceReport[]
  leaving: boolean
}

export type WithTelemetry = Given & Awaited<ReturnType<typeof openTelemetry>>

export async function openTelemetry({ host, loaded }: Given) {
  const { config } = loaded
  const write = lineWriter((line) => self.stderr(line), config.log.format)
  const metrics = new MetricStore({ table: metricTable })
  const log = new ProgramLog({ clock: host.clock, timers: host.timers, write, metrics, level: config.log.level })
  if (loaded.empty.length > 0)
    log.warn('The configuration file is empty: Weir runs with its defaults.', { file: loaded.empty.join(', ') })
  const traces = await openTraces({ ...config.telemetry.traces, version, host, log, metrics })
  const live: Live = { loaded, sources: [], leaving: false }
  return {
    config,
    live,
    write,
    metrics,
    log,
    traces,
    reveal: (secret: Secret) => secret.reveal(self.env, (path) => self.readTextFile(path)),
    async [Symbol.asyncDispose]() {
      await traces?.close()
      log.flush()
    },
  }
}
