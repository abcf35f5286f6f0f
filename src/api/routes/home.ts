import type { FastifyInstance } from 'fastify'
import { home } from '../../topics/home/index.ts'
import type { Hub } from '../live/hub.ts'
import type { ApiContext } from '../options.ts'
import { serveWith } from '../serve.ts'
import { flowReaders } from '../live/flow-readers.ts'

export const homeSchemas = { Home: home.result } as const

export function homeRoutes(app: FastifyInstance, context: ApiContext, hub: Hub): void {
  serveWith(app, '/api/v1/home', home, ({ principal: viewer }, signal) => ({
    store: context.control.store,
    now: context.host.clock.now(),
    viewer,
    signal,
    clusters: () => context.control.clusters(),
    ...flowReaders({ context, hub, viewer, signal }),
  }))
}
