import type { Host } from '../../host/index.ts'
import { self } from '../../host/process.ts'
import { accountOf } from '../../net/otc/account.ts'
import type { OtcError, OtcService } from '../../net/otc/errors.ts'
import { Session } from '../../net/otc/session.ts'
import { PollError } from '../../polling/poll-error.ts'
import type { OtcCtsConfig, ProjectConfig } from './config.ts'

export class CtsError extends PollError {
  override readonly name = 'CtsError'

  constructor({ message, cause, afterMs, mayPass }: OtcError) {
    super(message, { cause, afterMs, mayPass })
  }
}

export const cts: OtcService = {
  name: 'CTS',
  types: ['ctsv3', 'ctsv2', 'cts'],
  host: 'cts',
  allow: 'grant the account the policy "CTS ReadOnlyAccess" (action cts:trace:list) in the project',
  objects: 'project or tracker',
  // "Query failed, try later" has a 4xx status.
  passing: /^CTS\.0300$/,
  missing: /^CTS\.02(?:03|04|14)$/,
}

export function sessionOf(config: OtcCtsConfig, project: ProjectConfig | undefined, { host }: { host: Host }): Session {
  return new Session({
    host,
    env: self.env,
    timeout: config.timeout,
    signing: config.signing,
    endpoint: config.endpoint ?? undefined,
    account: () => accountOf(config, project, { host, env: self.env }),
    cloud: config.cloud,
    rejected: (error) => new CtsError(error),
  })
}
