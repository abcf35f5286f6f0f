import { Server as TlsServer } from 'node:tls'
import websocket from '@fastify/websocket'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { nearest } from '../schema/suggest.ts'
import { answerJson } from './answer.ts'
import { consoleRoutes } from './console/files.ts'
import { Gate } from './access/gate.ts'
import { Opaque, openSealed, sealerFor } from './access/opaque.ts'
import { oidcRoutes } from './access/oidc/routes.ts'
import type { Oidc } from './access/oidc/index.ts'
import { accessRoutes, accessSchemas } from './access/routes.ts'
import { asUser, fairReaders, fairScheduling } from './fair/store.ts'
import { openEvents, type EventListeners } from './events/listener.ts'
import { rejectExposed } from './access/guard.ts'
import { listenAt } from './listen-at.ts'
import { Hub } from './live/hub.ts'
import { observeJson } from './openapi/observe-json.ts'
import { ApiDescription } from './openapi/schema.ts'
import { describedRoute, openApi, problemSchema, responsesOf, type DescribedRoute } from './openapi/document.ts'
import { defaultLimits, type ApiContext, type ApiOptions, type RunningApi } from './options.ts'
import { ApiError } from './problems.ts'
import { alertRuleRoutes, alertRuleSchemas } from './routes/alert-rules.ts'
import { alertRoutes, alertSchemas } from './routes/alerts.ts'
import { dashboardRoutes, dashboardSchemas } from './routes/dashboards.ts'
import { deadLetterRoutes, deadLetterSchemas } from './routes/dead-letters.ts'
import { eventRoutes } from './routes/cloudevents.ts'
import { clusterRoutes, clusterSchemas } from './routes/clusters.ts'
import { exporterRoutes, exporterSchemas } from './routes/exporters.ts'
import { grafanaSchemas } from './grafana/answer.ts'
import { lokiRoutes } from './grafana/loki.ts'
import { prometheusRoutes } from './grafana/prometheus.ts'
import { homeRoutes, homeSchemas } from './routes/home.ts'
import { completeRoutes, completeSchemas } from './routes/complete.ts'
import { eventExportRoute, exportRoutes, spendExportRoute } from './routes/export.ts'
import { fieldRoutes, fieldSchemas } from './routes/fields.ts'
import { incidentRoutes, incidentSchemas } from './routes/incidents.ts'
import { filterRoutes, filterSchemas } from './routes/filters.ts'
import { newestFlowRoutes, newestFlowSchemas } from './routes/newest-flows.ts'
import { liveRoutes, liveSchemas } from './routes/live.ts'
import { reportRoute } from './routes/report.ts'
import { queryRoutes, querySchemas } from './routes/queries.ts'
import { pipelineRoutes, pipelineSchemas } from './routes/pipeline.ts'
import { savedRoutes, savedSchemas } from './routes/saved.ts'
import { mcpRoutes, mcpSchemas } from './mcp/index.ts'
import { sqlRoutes } from './routes/sql.ts'
import { tapRoutes } from './routes/tap.ts'
import { topicRoutes, topicSchemas } from './routes/topics.ts'
import { RunningQueries } from './progress/running.ts'
import { queryIds } from './progress/query-id.ts'
import { createServer } from './server.ts'
import { shortenEvents } from './events/short-events.ts'

export type { ApiToken } from './access/token-book.ts'
export type { ApiLimits, ApiOptions, RunningApi } from './options.ts'
export { defaultLimits } from './options.ts'

const schemas = {
  ...querySchemas,
  ...pipelineSchemas,
  ...alertSchemas,
  ...alertRuleSchemas,
  ...dashboardSchemas,
  ...deadLetterSchemas,
  ...clusterSchemas,
  ...exporterSchemas,
  ...fieldSchemas,
  ...liveSchemas,
  ...newestFlowSchemas,
  ...homeSchemas,
  ...completeSchemas,
  ...filterSchemas,
  ...savedSchemas,
  ...incidentSchemas,
  ...accessSchemas,
  ...topicSchemas,
  ...mcpSchemas,
  ...grafanaSchemas,
}

/** Schemas that routes name. */
export const namedSchemas = { Problem: problemSchema, ...schemas }

/** Rejects with WEIR_LISTEN_EXPOSED if other machines could reach it without a token, and with WEIR_LISTEN_IN_USE. */
export async function startApi(options: ApiOptions): Promise<RunningApi> {
  const { listen, auth } = options
  rejectExposed(listen, auth.tokens.length + (auth.oidc === undefined ? 0 : 1))
  const oidc =
    auth.oidc === undefined ? undefined : new (await import('./access/oidc/index.ts')).Oidc(auth.oidc, options.host)
  const context = await contextOf(options)
  const app = createServer(context)
  const routes: DescribedRoute[] = []
  const cache = new Map<string, Set<string>>()
  app.addHook('onRoute', (route) => {
    routes.push(...describedRoute(route))
    const methods = cache.get(route.url) ?? new Set<string>()
    for (const method of [route.method].flat()) methods.add(method)
    cache.set(route.url, methods)
  })
  // Before the guard hooks, so that rejected upgrades close their connections.
  await app.register(websocket, { options: { maxPayload: context.limits.sqlBytes } })
  const gate = new Gate(options, oidc)
  const running = new RunningQueries(options.host.clock)
  protect(app, gate, context.opaque, running)
  const answered = (method: string, url: string | undefined, status: number) => {
    options.metrics?.count('weir_api_requests_total', 1, { route: url ?? 'unknown', status: String(status) })
    if (options.answered === undefined) return
    const route = routes.find((candidate) => candidate.url === url && candidate.method === method)
    const described = route === undefined ? undefined : Object.keys(responsesOf(route))
    options.answered({ route: `${method} ${url}`, status, described })
  }
  app.addHook('onResponse', (request, reply, done) => {
    const { method, url } = request.routeOptions
    answered(String(method ?? request.method), url, reply.statusCode)
    done()
  })
  if (options.sent !== undefined) app.addHook('onSend', observeJson(routes, options.sent))
  for (const [name, schema] of Object.entries(namedSchemas)) app.addSchema({ $id: name, ...schema })
  const hub = new Hub(context, options.folder)
  addRoutes(app, { options, context, hub, gate, oidc, running, routes })
  app.setNotFoundHandler((request) => {
    throw notFoundError(request, cache)
  })
  app.addHook('onClose', async () => gate.sessions.stop())
  const stopShort = shortenEvents(app.server, {
    context,
    gate,
    isPath: (url) => url === '/events',
    headers: Object.entries(securityHeaders).flat(),
    answer: 'counts',
    answered: (status) => answered('POST', '/events', status),
  })
  app.addHook('preClose', async () => stopShort())
  await hub.start()
  try {
    const url = await listenAt(app, listen)
    return { url, ...closing(app, hub, context, await openEvents(options, context, oidc)) }
  } catch (error) {
    await hub.stop()
    await app.close()
    throw error
  }
}

async function contextOf(options: ApiOptions): Promise<ApiContext> {
  const limits = { ...defaultLimits, ...options.limits }
  const fair = fairReaders(
    { atOnce: limits.concurrentQueries, waitingPerUser: limits.queuedPerUser, waiting: limits.queuedQueries },
    limits.concurrentExports,
    options.host.timers,
  )
  return {
    control: fairScheduling(options.control, fair),
    fair,
    log: options.log,
    host: options.host,
    version: options.version,
    resolver: options.resolver,
    limits,
    ...(options.httpInvalid === undefined ? {} : { httpInvalid: options.httpInvalid }),
    tls: options.tls,
    nextQueryId: queryIds(options.host.random),
    opaque: await Opaque.of(options.auth, options.host),
    ...(options.draining === undefined ? {} : { draining: options.draining }),
  }
}

type Routed = Readonly<{
  options: ApiOptions
  context: ApiContext
  hub: Hub
  gate: Gate
  oidc: Oidc | undefined
  running: RunningQueries
  /** All of them, once they are added. */
  routes: readonly DescribedRoute[]
}>

function addRoutes(app: FastifyInstance, { options, context, hub, gate, oidc, running, routes }: Routed): void {
  sqlRoutes(app, context)
  newestFlowRoutes(app, context, hub)
  homeRoutes(app, context, hub)
  exportRoutes(app, context, hub)
  completeRoutes(app, context, hub)
  filterRoutes(app, options.quickFilters)
  savedRoutes(app, context, options.folder)
  incidentRoutes(app, context, options.folder)
  topicRoutes(app, context, options)
  reportRoute(app, context)
  spendExportRoute(app, context)
  eventExportRoute(app, context)
  prometheusRoutes(app, context)
  lokiRoutes(app, context)
  eventRoutes(app, context)
  pipelineRoutes(app, context)
  queryRoutes(app, running)
  alertRoutes(app, context, options)
  alertRuleRoutes(app, context, options)
  dashboardRoutes(app, context, options.dashboards)
  deadLetterRoutes(app, context)
  clusterRoutes(app, context)
  exporterRoutes(app, context)
  fieldRoutes(app)
  liveRoutes(app, context, hub)
  tapRoutes(app, context)
  mcpRoutes(app, context, () => routes)
  accessRoutes(app, context, gate)
  oidcRoutes(app, context, gate, oidc)
  consoleRoutes(app, context)
  app.get(
    '/api/v1/openapi.json',
    {
      schema: {
        operationId: 'openapi',
        summary: 'This description',
        response: {
          200: { description: 'OpenAPI 3.1', content: { 'application/json': { schema: ApiDescription } } },
        },
      },
    },
    (request, reply) =>
      answerJson(request, reply, openApi(routes, schemas, { version: context.version, login: gate.loginNeeded })),
  )
}

const securityHeaders = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
} as const

function protect(app: FastifyInstance, gate: Gate, opaque: Opaque | undefined, running: RunningQueries) {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(securityHeaders)
    // An absolute target would override the Host header.
    if (!request.raw.url?.startsWith('/')) throw new ApiError('WEIR_API_INVALID', 'The request target must be a path.')
    await gate.admit(request)
    request.seal = sealerFor(request.principal, opaque)
  })
  app.addHook('preValidation', async (request) => {
    // Files of the console have no rows; their query strings are read in the browser.
    if (request.routeOptions.config.open !== true) openSealed(request, opaque)
  })
  app.addHook('preHandler', (request, reply, done) => asUser(request.user, () => running.run(request, reply, done)))
}

function notFoundError(request: FastifyRequest, methodsByPath: ReadonlyMap<string, ReadonlySet<string>>): ApiError {
  const path = request.url.split('?')[0] ?? '/'
  const knownPaths = [...methodsByPath]
    .filter(([url]) => new RegExp(`^${url.replace(/[.]/g, '\\.').replace(/:\w+/g, '[^/]+')}$`).test(path))
    .flatMap(([, methods]) => [...methods])
  if (knownPaths.length > 0) {
    const allow = [...new Set(knownPaths)].sort().join(', ')
    return new ApiError('WEIR_API_METHOD', `${request.method} is not allowed on ${path}; ${allow} is.`, {
      headers: { allow },
    })
  }
  const paths = [...methodsByPath.keys()].filter((url) => url.startsWith('/api/') || url === '/events')
  const meant = nearest(path, paths)
  return new ApiError('WEIR_API_NOT_FOUND', `There is nothing at ${path}.`, {
    hints: [
      ...(meant === undefined ? [] : [`Did you mean ${meant}?`]),
      `Available: / (the console), ${paths.join(', ')}.`,
    ],
  })
}

function closing(
  app: FastifyInstance,
  hub: Hub,
  { limits, host: machine }: ApiContext,
  events: EventListeners,
): Omit<RunningApi, 'url'> {
  return {
    eventsUrls: events.urls,
    renew(tls) {
      for (const { server } of [app, ...events.servers]) if (server instanceof TlsServer) server.setSecureContext(tls)
    },
    async close() {
      const stopped = hub.stop()
      const servers = [app, ...events.servers]
      const late = machine.timers.after(limits.closeMs, () =>
        servers.forEach(({ server }) => server.closeAllConnections()),
      )
      await Promise.all(servers.map(async (server) => server.close()))
      late.cancel()
      await stopped
    },
  }
}
