import { PollError } from '../../polling/poll-error.ts'
import { combined } from '../../polling/probes.ts'
import type { Probe, ProbeContext } from '../../engine/contracts.ts'
import { self } from '../../host/process.ts'
import { checkLease } from '../../net/kubernetes/lease-check.ts'
import { TraceReader } from './client.ts'
import { accountOf } from '../../net/otc/account.ts'
import type { OtcCtsConfig, ProjectConfig } from './config.ts'
import { cts, sessionOf } from './client-project.ts'

export async function probeTraces(config: OtcCtsConfig, context: ProbeContext, signal: AbortSignal): Promise<Probe> {
  const probes = await Promise.all([
    ...projectsOf(config).map((project) => probeProject(config, project, context, signal)),
    checkLease(config.lease, context, signal),
  ])
  return combined(probes.flat())
}

/** Sends no requests. Rejects with a readable error. */
export async function verifyAccounts(config: OtcCtsConfig, { host }: ProbeContext): Promise<void> {
  for (const project of projectsOf(config)) await accountOf(config, project, { host, env: self.env })
}

function projectsOf({ projects }: OtcCtsConfig): readonly (ProjectConfig | undefined)[] {
  return projects.length === 0 ? [undefined] : projects
}

async function probeProject(
  config: OtcCtsConfig,
  project: ProjectConfig | undefined,
  { host }: ProbeContext,
  signal: AbortSignal,
): Promise<Probe> {
  const session = sessionOf(config, project, { host })
  const name = project?.name ?? project?.id ?? 'the project of clouds.yaml'
  try {
    const opened = await session.open(signal)
    const now = host.clock.now()
    const trackers = project?.trackers ?? ['system']
    for (const tracker of trackers)
      await new TraceReader({
        host,
        session,
        api: config.api,
        tracker,
        page: 1,
        maxAttempts: 1,
        note: () => undefined,
      }).read({ from: now - 60_000, to: now }, undefined, signal)
    return {
      is: 'ok',
      message:
        `${opened.projectName ?? name} grants read access to the traces of ${trackers.join(' and ')} at ` +
        `${opened.endpointOf(cts)}`,
    }
  } catch (error) {
    if (error instanceof PollError) return { is: 'fail', message: `${name}: ${error.message}` }
    throw error
  } finally {
    session.close()
  }
}
