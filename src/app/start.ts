import type { GeneratedToken } from '../api/access/generated-token.ts'
import type { ReloadReport } from '../engine/control.ts'
import type { Host } from '../host/index.ts'
import type { ProgramLog } from '../telemetry/log.ts'
import { compose } from './compose.ts'
import type { ConfigArguments, Loaded } from './load-config.ts'

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
}

/** Rejects when a part ends during the start. */
export function startWeir(host: Host, loaded: Loaded, flags: ConfigArguments): Promise<RunningWeir> {
  const { promise: failed, resolve: onFailed } = Promise.withResolvers<Error>()
  const broken = failed.then((error) => Promise.reject<never>(error))
  return Promise.race([compose(host, loaded, flags, { failed, onFailed }), broken])
}
