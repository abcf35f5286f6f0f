import type { Probe, ProbeContext } from '../../engine/ports.ts'
import { TraceReader } from './client.ts'
import { CtsError } from './client-errors.ts'
import type { OtcCtsConfig, ProjectConfig } from './config.ts'
import { sessionOf } from './source.ts'

/** Logs in to each project and asks each tracker for one trace of the last minute. */
export async function lookAtTraces(config: OtcCtsConfig, context: ProbeContext, signal: AbortSignal): Promise<Probe> {
  const projects: readonly (ProjectConfig | undefined)[] = config.projects.length === 0 ? [undefined] : config.projects
  const found = await Promise.all(projects.map((project) => lookAt(config, project, context, signal)))
  const wrong = found.filter(({ is }) => is === 'fail')
  return { is: wrong.length === 0 ? 'ok' : 'fail', says: (wrong.length === 0 ? found : wrong).map(({ says }) => says).join('; ') }
}

async function lookAt(config: OtcCtsConfig, project: ProjectConfig | undefined, { host }: ProbeContext, signal: AbortSignal): Promise<Probe> {
  const session = sessionOf(config, project, { host })
  const name = project?.name ?? project?.id ?? 'the project of clouds.yaml'
  try {
    const opened = await session.open(signal)
    const now = host.clock.now()
    const trackers = project?.trackers ?? ['system']
    for (const tracker of trackers) await new TraceReader({ host, session, api: config.api, tracker, page: 1, tries: 1, note: () => undefined }).read({ from: now - 60_000, to: now }, 1, signal)
    return { is: 'ok', says: `${opened.projectName ?? name} lets us read the traces of ${trackers.join(' and ')} at ${opened.cts}` }
  } catch (error) {
    if (error instanceof CtsError) return { is: 'fail', says: `${name}: ${error.message}` }
    throw error
  } finally {
    session.close()
  }
}
