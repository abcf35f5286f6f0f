import { pollingSource, type PollingSource } from '../../polling/source.ts'
import type { PartitionStatus } from '../../polling/partition.ts'
import type { SourceContext } from '../../engine/contracts.ts'
import { openLeaderLease } from '../../net/kubernetes/leader-lease.ts'
import { ackSink } from '../../schema/values.ts'
import { defineSource } from '../../engine/define.ts'
import type { Session } from '../../net/otc/session.ts'
import { sessionOf } from './client-project.ts'
import type { OtcCtsConfig, otcCtsSchema, ProjectConfig } from './config.ts'
import { retentionMs, trackerPartition } from './source-partition.ts'
import { probeTraces, verifyAccounts } from './client-probe.ts'

export const source = defineSource<typeof otcCtsSchema>('otc-cts', {
  build: openOtcCts,
  probe: probeTraces,
  verify: verifyAccounts,
})

interface TrackerStatus extends PartitionStatus {
  readonly project: string
  readonly tracker: string
}

export async function openOtcCts(config: OtcCtsConfig, context: SourceContext): Promise<PollingSource<TrackerStatus>> {
  const projects: readonly (ProjectConfig | undefined)[] = config.projects.length === 0 ? [undefined] : config.projects
  const lease = await openLeaderLease(config.lease, context)
  return pollingSource({ context, retentionMs, what: 'traces', lease, sink: ackSink(config.ack) }, (checkpoint) => {
    const sessions: Session[] = []
    const partitions = projects.flatMap((project) => {
      const session = sessionOf(config, project, context)
      sessions.push(session)
      const name = project?.name ?? project?.id ?? 'of clouds.yaml'
      return (project?.trackers ?? ['system']).map((tracker) => {
        const partition = trackerPartition({ config, context, session, checkpoint, tracker, project: name })
        return {
          run: (signal: AbortSignal) => partition.run(signal),
          status: () => ({ project: name, tracker, ...partition.status() }),
        }
      })
    })
    return {
      places: partitions,
      close: () => {
        for (const session of sessions) session.close()
      },
    }
  })
}
