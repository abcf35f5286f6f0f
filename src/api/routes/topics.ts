import type { FastifyInstance } from 'fastify'
import type { ManifestQuery } from '../../model/kubernetes.ts'
import * as audit from '../../topics/audit/index.ts'
import { AuditStatement, AuditStatementParameters } from '../../topics/audit/schema.ts'
import { change, changeGaps, changes, changeSums } from '../../topics/changes/index.ts'
import { event, eventContext, eventFields, events, eventSeries, eventSums } from '../../topics/events/index.ts'
import { graph, graphPaths } from '../../topics/graph/index.ts'
import { facts, flaws, imageDiff, images, packages, problems, problemSums } from '../../topics/insights/index.ts'
import { inventory, inventoryDiff, inventoryFacets, inventoryResource } from '../../topics/inventory/index.ts'
import { resource, resources } from '../../topics/resources/index.ts'
import { spendForecast, spendMovers, spendSums, spendTags } from '../../topics/spend/index.ts'
import { transfers, type TransferSettings } from '../../topics/transfers/index.ts'
import { levels, marks, why } from '../../topics/why/index.ts'
import { answerJson } from '../answer.ts'
import { problem } from '../openapi/json-schema.ts'
import type { ApiContext, ApiOptions } from '../options.ts'
import { typed } from '../request/typed.ts'
import { serve } from '../serve.ts'

export const topicSchemas = {
  AuditPage: audit.audit.result,
  AuditTrace: audit.auditTrace.result,
  AuditSums: audit.auditSums.result,
  AuditColumns: audit.auditColumns.result,
  AuditFirstSeen: audit.auditFirstSeen.result,
  AuditLogins: audit.auditLogins.result,
  AuditNewest: audit.auditNewest.result,
  ChangePage: changes.result,
  Change: change.result,
  ChangeSums: changeSums.result,
  ChangeGaps: changeGaps.result,
  EventPage: events.result,
  EventRecord: event.result,
  EventContext: eventContext.result,
  EventSums: eventSums.result,
  EventFields: eventFields.result,
  EventSeries: eventSeries.result,
  Graph: graph.result,
  GraphPaths: graphPaths.result,
  ProblemSums: problemSums.result,
  ImageDiff: imageDiff.result,
  PackagePage: packages.result,
  ProblemPage: problems.result,
  FlawPage: flaws.result,
  FactPage: facts.result,
  ImagePage: images.result,
  InventoryPage: inventory.result,
  InventoryFacets: inventoryFacets.result,
  InventoryResource: inventoryResource.result,
  InventoryDiff: inventoryDiff.result,
  ResourcePage: resources.result,
  Resource: resource.result,
  SpendSums: spendSums.result,
  SpendForecast: spendForecast.result,
  SpendMovers: spendMovers.result,
  Transfers: transfers.result,
  SpendTags: spendTags.result,
  PrecedingChanges: why.result,
  TrafficMarks: marks.result,
  LevelCauses: levels.result,
} as const

const statementSchema = {
  operationId: 'auditQuery',
  summary: 'SQL for the same query',
  description:
    'Returns a statement on view `audit` for POST /api/v1/sql, limited to the permitted rows, with absolute ' +
    'times. Nothing is executed.',
  querystring: AuditStatementParameters,
  response: { 200: AuditStatement, 400: problem },
} as const

const noPrices: TransferSettings = { rules: [], team: 'team' }

/** Operations that need nothing of a request besides its parameters; other routes have their own files. */
export function topicRoutes(
  app: FastifyInstance,
  context: ApiContext,
  {
    budgets,
    transferSettings = () => Promise.resolve(noPrices),
    auditTypes = new Set(),
  }: Pick<ApiOptions, 'budgets' | 'transferSettings' | 'auditTypes'>,
): void {
  const { control, host } = context
  const at = (url: string) => ({ context, url })
  const instance = () => ({ instance: context })
  const watched = () => ({ manifest: (query: ManifestQuery) => control.manifest(query) })

  serve(app, at('/api/v1/changes'), changes)
  serve(app, at('/api/v1/changes/one'), change)
  serve(app, at('/api/v1/changes/sums'), changeSums, instance)
  serve(app, at('/api/v1/changes/gaps'), changeGaps)

  serve(app, at('/api/v1/audit'), audit.audit)
  serve(app, at('/api/v1/audit/one'), audit.auditTrace)
  serve(app, at('/api/v1/audit/sums'), audit.auditSums, instance)
  serve(app, at('/api/v1/audit/columns'), audit.auditColumns)
  serve(app, at('/api/v1/audit/first-seen'), audit.auditFirstSeen)
  serve(app, at('/api/v1/audit/logins'), audit.auditLogins)
  serve(app, at('/api/v1/audit/newest'), audit.auditNewest, () => ({
    collectors: { pipeline: () => control.pipeline(), auditTypes },
  }))
  typed(app).get('/api/v1/audit/query', { schema: statementSchema }, (request, reply) => {
    const { store } = control
    const now = host.clock.now()
    const surroundings = { now, viewer: request.principal, ...(store === undefined ? {} : { store }) }
    return answerJson(request, reply, audit.auditStatement(request.query, surroundings))
  })

  serve(app, at('/api/v1/graph'), graph)
  serve(app, at('/api/v1/graph/paths'), graphPaths)

  serve(app, at('/api/v1/why'), why, () => ({ ...watched(), host }))
  serve(app, at('/api/v1/why/levels'), levels, watched)
  serve(app, at('/api/v1/marks'), marks, watched)

  serve(app, at('/api/v1/resources'), resources)
  serve(app, at('/api/v1/resources/one'), resource, watched)

  serve(app, at('/api/v1/problems/sums'), problemSums)
  serve(app, at('/api/v1/images/diff'), imageDiff)
  serve(app, at('/api/v1/packages'), packages)
  serve(app, at('/api/v1/problems'), problems)
  serve(app, at('/api/v1/flaws'), flaws)
  serve(app, at('/api/v1/facts'), facts)
  serve(app, at('/api/v1/images'), images)

  serve(app, at('/api/v1/spend'), spendSums)
  serve(app, at('/api/v1/spend/forecast'), spendForecast, () => ({ budgets: budgets?.() ?? [] }))
  serve(app, at('/api/v1/spend/movers'), spendMovers)
  serve(app, at('/api/v1/transfers'), transfers, () => ({ ...instance(), transferSettings }))
  serve(app, at('/api/v1/spend/tags'), spendTags)

  serve(app, at('/api/v1/events'), events, () => ({ host }))
  serve(app, at('/api/v1/events/one'), event)
  serve(app, at('/api/v1/events/context'), eventContext, () => ({ host }))
  serve(app, at('/api/v1/events/sums'), eventSums, instance)
  serve(app, at('/api/v1/events/fields'), eventFields)
  serve(app, at('/api/v1/events/series'), eventSeries, instance)

  serve(app, at('/api/v1/inventory'), inventory)
  serve(app, at('/api/v1/inventory/facets'), inventoryFacets)
  serve(app, at('/api/v1/inventory/one'), inventoryResource)
  serve(app, at('/api/v1/inventory/diff'), inventoryDiff)
}
