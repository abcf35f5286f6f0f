import { pollingSource, type PollingSource } from '../../polling/source.ts'
import type { PartitionStatus } from '../../polling/partition.ts'
import type { SourceContext } from '../../engine/contracts.ts'
import { self } from '../../host/process.ts'
import { openLeaseTurn } from '../../net/kubernetes/turn.ts'
import { ackSink } from '../../schema/values.ts'
import { accountOf, usualHost } from './client-account.ts'
import { Session } from './client-session.ts'
import type { OtcCtsConfig, ProjectConfig } from './config.ts'
import { keptMs, trackerPartition } from './source-partition.ts'

export interface TrackerStatus extends PartitionStatus {
  readonly project: string
  readonly tracker: string
}

/** A cloud that is away is no error here: it is said, and tried again. */
export async function openOtcCts(config: OtcCtsConfig, context: SourceContext): Promise<PollingSource<TrackerStatus>> {
  const projects: readonly (ProjectConfig | undefined)[] = config.projects.length === 0 ? [undefined] : config.projects
  const lease = await openLeaseTurn(config.lease, context)
  return pollingSource({ context, keptMs, what: 'traces', lease, sink: ackSink(config.ack) }, (checkpoint) => {
    const sessions: Session[] = []
    const places = projects.flatMap((project) => {
      const session = sessionOf(config, project, context)
      sessions.push(session)
      const name = project?.name ?? project?.id ?? 'of clouds.yaml'
      return (project?.trackers ?? ['system']).map((tracker) => {
        const place = trackerPartition({ config, context, session, checkpoint, tracker, project: name })
        return { run: (signal: AbortSignal) => place.run(signal), status: () => ({ project: name, tracker, ...place.status() }) }
      })
    })
    return { places, close: () => { for (const session of sessions) session.close() } }
  })
}

export function sessionOf(config: OtcCtsConfig, project: ProjectConfig | undefined, { host }: Pick<SourceContext, 'host'>): Session {
  return new Session({
    host, env: self.env, timeout: config.timeout, signing: config.signing, endpoint: config.endpoint ?? undefined,
    account: () => accountOf(config, project, { host, env: self.env }),
    usualEndpoint: (region) => usualHost(config.cloud, 'cts', region),
  })
}
