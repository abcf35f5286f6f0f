import type { Host } from '../../host/index.ts'
import { self } from '../../host/process.ts'
import { accountOf, defaultHost } from './client-account.ts'
import { Session } from './client-session.ts'
import type { OtcCtsConfig, ProjectConfig } from './config.ts'

export function sessionOf(config: OtcCtsConfig, project: ProjectConfig | undefined, { host }: { host: Host }): Session {
  return new Session({
    host,
    env: self.env,
    timeout: config.timeout,
    signing: config.signing,
    endpoint: config.endpoint ?? undefined,
    account: () => accountOf(config, project, { host, env: self.env }),
    defaultEndpoint: (region) => defaultHost(config.cloud, 'cts', region),
  })
}
