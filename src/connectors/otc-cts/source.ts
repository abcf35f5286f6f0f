import type { Source, SourceContext } from '../../engine/ports.ts'
import { ToldOnce } from '../../engine/told-once.ts'
import { self } from '../../host/process.ts'
import { accountOf, usualHost } from './client-account.ts'
import { Session } from './client-session.ts'
import type { OtcCtsConfig, ProjectConfig } from './config.ts'
import { keptMs, Place, type PlaceStatus } from './source-place.ts'
import { takeTurns } from './source-turn.ts'

export interface OtcCtsSource extends Source {
  status(): { readonly projects: readonly PlaceStatus[] }
}

/** A cloud that is away is no error here: it is said, and tried again. */
export async function openOtcCts(config: OtcCtsConfig, context: SourceContext): Promise<OtcCtsSource> {
  const memory = new ToldOnce(context, keptMs)
  const turn = context.frames?.shared?.turn
  if (turn === undefined) await memory.restore()
  const projects: readonly (ProjectConfig | undefined)[] = config.projects.length === 0 ? [undefined] : config.projects
  const sessions = projects.map((project) => sessionOf(config, project, context))
  const places = projects.flatMap((project, at) => (project?.trackers ?? ['system']).map((tracker) => {
    const session = sessions[at]
    if (session === undefined) throw new Error('a project without a session')
    return new Place({ config, context, session, memory, tracker, project: project?.name ?? project?.id ?? 'of clouds.yaml' })
  }))
  return {
    addresses: [],
    status: () => ({ projects: places.map((place) => place.status()) }),
    async run(signal) {
      // Each by itself: one that can't be read stops no other.
      const read = (ours: AbortSignal): Promise<unknown> => Promise.all(places.map((place) => place.run(ours)))
      if (turn === undefined) await read(signal)
      else await takeTurns({ context, record: turn, state: () => memory.state }, signal, async (ours, before) => {
        await memory.restore(before)
        await read(ours)
      })
      for (const session of sessions) session.close()
    },
  }
}

export function sessionOf(config: OtcCtsConfig, project: ProjectConfig | undefined, { host }: Pick<SourceContext, 'host'>): Session {
  return new Session({
    host, env: self.env, timeout: config.timeout, signing: config.signing, endpoint: config.endpoint ?? undefined,
    account: () => accountOf(config, project, { host, env: self.env }),
    usualEndpoint: (region) => usualHost(config.cloud, 'cts', region),
  })
}
