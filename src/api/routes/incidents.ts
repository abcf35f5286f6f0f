import type { FastifyInstance, FastifyRequest } from 'fastify'
import { withTimeout } from '../../host/with-timeout.ts'
import { toEventBatch } from '../../model/events.ts'
import { IncidentBook, unknownIncident } from '../../topics/incidents/book.ts'
import { eventOf } from '../../topics/incidents/event.ts'
import { incidentHistory } from '../../topics/incidents/history.ts'
import { exportOf, markdownOf } from '../../topics/incidents/markdown.ts'
import {
  DeletedIncident,
  DeleteIncidentQuery,
  ExportParameters,
  Incident,
  IncidentExport,
  IncidentHistory,
  IncidentParameters,
  IncidentRequest,
  Incidents,
  IncidentsParameters,
} from '../../topics/incidents/schema.ts'
import { maySee, shownIncident, summaryOf } from '../../topics/incidents/scope.ts'
import { sealedBody } from '../access/opaque.ts'
import { answerJson } from '../answer.ts'
import { problem, refusals, string } from '../openapi/json-schema.ts'
import type { ApiContext } from '../options.ts'
import { typed } from '../request/typed.ts'
import { abortOnDisconnect, requireStore, unlessAborted } from '../store-query.ts'

export const incidentSchemas = { Incident, IncidentExport, IncidentHistory, Incidents } as const

const faults = { 400: problem, 403: problem, 404: problem, 503: problem } as const

const listSchema = {
  operationId: 'incidents',
  summary: 'Incidents: time ranges with their cause, pins and notes',
  description:
    'A viewer limited to namespaces sees incidents that have namespaces, all of which it may see; of these not the ' +
    'candidates and pins of other namespaces.',
  querystring: IncidentsParameters,
  response: { 200: { $ref: 'Incidents#' }, 400: problem, 503: problem },
} as const

const showSchema = {
  operationId: 'incident',
  summary: 'An incident',
  params: IncidentParameters,
  response: { 200: { $ref: 'Incident#' }, ...faults },
} as const

const putSchema = {
  operationId: 'putIncident',
  summary: 'Create or replace an incident',
  description:
    'The incident is on disk before the response, with fixed times. The journal gets an event of type ' +
    '`weir.incident.created` or `weir.incident.changed` with the whole incident.',
  params: IncidentParameters,
  body: IncidentRequest,
  response: { 200: { $ref: 'Incident#' }, ...faults, 409: problem, 429: problem },
} as const

const deleteSchema = {
  operationId: 'deleteIncident',
  summary: 'Delete an incident',
  description: 'Its history remains in the journal and the store, with an event of type `weir.incident.deleted`.',
  params: IncidentParameters,
  querystring: DeleteIncidentQuery,
  response: { 200: DeletedIncident, ...faults, 409: problem, 429: problem },
} as const

const historySchema = {
  operationId: 'incidentHistory',
  summary: 'Versions of an incident, newest first',
  description: 'From the stored events, which are kept as long as other events; also of a deleted incident.',
  params: IncidentParameters,
  response: { 200: { $ref: 'IncidentHistory#' }, ...refusals, ...faults },
} as const

const exportSchema = {
  operationId: 'exportIncident',
  summary: 'An incident with links, for other tools',
  params: IncidentParameters,
  querystring: ExportParameters,
  response: {
    200: {
      description: 'The incident, or the report.',
      content: { 'application/json': { schema: { $ref: 'IncidentExport#' } }, 'text/markdown': { schema: string } },
    },
    ...faults,
  },
} as const

export function incidentRoutes(app: FastifyInstance, context: ApiContext, folder: string | undefined): void {
  const { host, log, control, limits } = context
  const book = new IncidentBook({
    host,
    log,
    folder,
    record: async (changes) => void (await control.ingest(toEventBatch(changes.map(eventOf)))),
  })
  // What a crash left.
  app.addHook('onListen', (done) => {
    book.record().catch(() => undefined)
    done()
  })
  app.addHook('onClose', () => {
    const limit = { timers: host.timers, ms: limits.closeMs, late: 'Changes are recorded after the next start.' }
    return withTimeout(book.recorded, limit).catch(() => undefined)
  })
  const shown = async ({ params, principal }: FastifyRequest & { readonly params: { readonly id: string } }) => {
    const incident = await book.find(params.id)
    if (incident === undefined || !maySee(principal, incident)) throw unknownIncident(params.id)
    return shownIncident(incident, principal)
  }
  const routes = typed(app)
  routes.get('/api/v1/incidents', { schema: listSchema }, async (request, reply) => {
    const { query, principal } = request
    const incidents = (await book.list()).filter(
      (incident) => maySee(principal, incident) && (query.state === undefined || incident.state === query.state),
    )
    return answerJson(request, reply, {
      incidents: incidents.map((incident) => summaryOf(incident, principal)),
    } satisfies Incidents)
  })
  routes.get('/api/v1/incidents/:id', { schema: showSchema }, async (request, reply) =>
    answerJson(request, reply, await shown(request)),
  )
  routes.put('/api/v1/incidents/:id', { schema: putSchema }, async (request, reply) => {
    const { params, body, principal } = request
    const incident = await book.put({ id: params.id, request: body, by: principal.name })
    return answerJson(request, reply, shownIncident(incident, principal))
  })
  routes.delete('/api/v1/incidents/:id', { schema: deleteSchema }, async (request, reply) => {
    const { id } = request.params
    await book.remove({ id, before: request.query.before, by: request.principal.name })
    return answerJson(request, reply, { deleted: id })
  })
  routes.get('/api/v1/incidents/:id/history', { schema: historySchema }, async (request, reply) => {
    const { params, principal: viewer } = request
    const { id } = params
    const [store, signal] = [requireStore(context), abortOnDisconnect(reply)]
    book.record().catch(() => undefined)
    const known = { id, current: await book.find(id), recent: await book.recent(id) }
    const around = { store, now: host.clock.now(), viewer, signal }
    const history = await unlessAborted(signal, async () => ({ of: await incidentHistory(known, around) }))
    if (history === undefined || signal.aborted) return reply.hijack()
    if (history.of === undefined) throw unknownIncident(id)
    return answerJson(request, reply, history.of)
  })
  routes.get('/api/v1/incidents/:id/export', { schema: exportSchema }, async (request, reply) => {
    const { query, seal } = request
    const incident = await shown(request)
    const base = (query.base ?? `${request.protocol}://${request.host}`).replace(/\/+$/, '')
    const sealed = seal === undefined ? incident : (sealedBody(incident, seal) as Incident)
    if (query.format !== 'md') return reply.send(exportOf(sealed, base))
    return reply.type('text/markdown; charset=utf-8').send(markdownOf(exportOf(sealed, base), base))
  })
}
