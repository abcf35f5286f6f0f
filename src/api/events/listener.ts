import type { FastifyInstance } from 'fastify'
import { Gate } from '../access/gate.ts'
import type { Oidc } from '../access/oidc/index.ts'
import { rejectExposed } from '../access/guard.ts'
import { listenAt } from '../listen-at.ts'
import { problemSchema } from '../openapi/document.ts'
import type { ApiContext, ApiOptions } from '../options.ts'
import { ApiError } from '../problems.ts'
import { eventRoutes } from '../routes/cloudevents.ts'
import { createServer } from '../server.ts'
import { shortenEvents } from './short-events.ts'

export type EventListeners = Readonly<{
  urls: readonly string[]
  servers: readonly FastifyInstance[]
}>

/** Paths that are surely valid; the framework decides about other paths. */
const plainPath = /^\/[\w./-]*$/

/** Opens all listeners or none. Rejects like {@link startApi}. */
export async function openEvents(
  options: ApiOptions,
  context: ApiContext,
  oidc: Oidc | undefined,
): Promise<EventListeners> {
  const servers: FastifyInstance[] = []
  const urls: string[] = []
  try {
    for (const listen of options.eventsListen ?? []) {
      if (options.httpAuth === 'api') rejectExposed(listen, options.auth.tokens.length + (oidc === undefined ? 0 : 1))
      const app = createServer(context)
      servers.push(app)
      const gate = new Gate({ ...options, listen }, oidc)
      takeEvents(app, context, gate)
      const countResponse = (route: 'events' | 'unknown', status: number) =>
        options.metrics?.count('weir_api_requests_total', 1, { route, status: String(status) })
      app.addHook('onResponse', (request, reply, done) => {
        countResponse(request.method === 'POST' ? 'events' : 'unknown', reply.statusCode)
        done()
      })
      const stopShort = shortenEvents(app.server, {
        context,
        gate,
        isPath: (url) => plainPath.test(url),
        headers: [],
        answer: 'nothing',
        answered: (status) => countResponse('events', status),
      })
      app.addHook('preClose', async () => stopShort())
      urls.push(await listenAt(app, listen))
    }
    return { urls, servers }
  } catch (error) {
    await Promise.all(servers.map(async (server) => server.close()))
    throw error
  }
}

function takeEvents(app: FastifyInstance, context: ApiContext, gate: Gate) {
  app.addSchema({ $id: 'Problem', ...problemSchema })
  app.addHook('onRequest', async (request) => gate.admit(request))
  app.addHook('onClose', async () => gate.sessions.stop())
  eventRoutes(app, context, '/*', 'nothing')
  app.setNotFoundHandler(({ method }) => {
    throw new ApiError('WEIR_API_METHOD', `${method} is not allowed here; use POST with a CloudEvent.`, {
      headers: { allow: 'OPTIONS, POST' },
    })
  })
}
