import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { PageRequest } from '../../query/plan/index.ts'
import { flows, series, topology } from '../../topics/flows/index.ts'
import type { PageReader, PageRows } from '../../topics/flows/page.ts'
import { readStoredPage } from '../../topics/flows/stored-page.ts'
import type { SumsReader } from '../../topics/flows/sums.ts'
import type { Surroundings } from '../../topics/operation.ts'
import { answerRows } from '../answer.ts'
import { asSmall } from '../fair/store.ts'
import type { Hub } from '../live/hub.ts'
import type { ApiContext } from '../options.ts'
import { ringPage } from '../ring/page.ts'
import { serveWith } from '../serve.ts'
import { sumsReader, type RunStatement } from '../sums.ts'

export const flowSchemas = { FlowPage: flows.result, Series: series.result, Topology: topology.result } as const

type Readers = Pick<Surroundings, 'now' | 'viewer'> & PageReader & SumsReader

/** Also without a store: the readers then have the newest flows in memory. */
export function flowRoutes(app: FastifyInstance, context: ApiContext, hub: Hub): void {
  const readers = ({ principal }: FastifyRequest, disconnected: AbortSignal): Readers => {
    const run = { context, hub, principal, disconnected }
    return {
      now: context.host.clock.now(),
      viewer: principal,
      readPage: (page) => readPage(page, run),
      ...sumsReader(run),
    }
  }
  serveWith(app, '/api/v1/flows', flows, readers, (request, reply, result) =>
    answerRows(request, reply, result, context.host.timers),
  )
  serveWith(app, '/api/v1/series', series, readers)
  serveWith(app, '/api/v1/topology', topology, readers)
}

async function readPage(page: PageRequest, { context, hub, disconnected: signal }: RunStatement): Promise<PageRows> {
  const { store } = context.control
  if (store !== undefined)
    return readStoredPage(page, { store, signal, host: context.host, instance: context, asSmall })
  const result = await ringPage(hub.ringSource(), page, signal)
  if (result === undefined) throw new DOMException('The client has disconnected.', 'AbortError')
  return { ...result, source: 'ring' }
}
