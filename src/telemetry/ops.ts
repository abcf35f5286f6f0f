import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { discardRest } from '../host/discard.ts'
import type { Timers } from '../host/index.ts'
import { listening, reachableHost } from '../host/listen.ts'
import { withoutUrlSecrets } from '../model/url-text.ts'
import type { Exposition } from './exposition.ts'
import type { Health } from './health.ts'
import type { OpsProfiles } from './ops-profiles.ts'
import type { ProfileKind } from './profile.ts'
import { messageOf } from '../model/errors.ts'

type OpsOptions = Readonly<{
  host: string
  /** 0: chosen by the system. */
  port: number
  timers: Timers
  metrics(): Promise<Exposition>
  health(): Health
  profiles?: OpsProfiles
}>

export type OpsServer = Readonly<{
  host: string
  port: number
  url: string
  close(): Promise<void>
}>

type Answer = Readonly<{
  status: number
  type: string
  body: string | Uint8Array
  headers?: Readonly<Record<string, string>>
}>

const pages: Readonly<Record<string, string>> = {
  '/metrics': 'metrics for Prometheus',
  '/healthz/live': '200 while the process is alive, else 503: restart it',
  '/healthz/ready': '200 while Weir is ready, else 503 with the reasons',
  '/healthz/accepting': '200 while posted data is accepted, else 503: for pods behind a Service',
}
const profilePages: Readonly<Record<string, string>> = {
  '/debug/pprof/': 'index of profiles; from this machine only',
  '/debug/pprof/profile': 'CPU profile for pprof: ?seconds=30&thread=main|ingest|store; from this machine only',
  '/debug/pprof/heap': 'heap profile for pprof: ?seconds=10&thread=…; from this machine only',
}

export async function startOps(options: OpsOptions): Promise<OpsServer> {
  const server = createServer(
    { requestTimeout: 10_000, headersTimeout: 5_000, maxHeaderSize: 8192 },
    (request, response) => {
      discardRest(request, options.timers)
        .then(() => answer(request, options))
        .then((given) => send(request, response, given))
        .catch(() => response.destroy())
    },
  )
  server.maxConnections = 100
  await listening(server, { host: options.host, port: options.port })
  const bound = server.address() as AddressInfo
  return {
    host: options.host,
    port: bound.port,
    url: `http://${reachableHost(bound)}:${bound.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(request: IncomingMessage, options: OpsOptions): Promise<Answer> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return text(405, 'Only GET and HEAD are allowed here.\n')
  const path = request.url?.split('?', 1)[0]
  const { profiles } = options
  const kind = profiles?.kindOf(path)
  if (profiles !== undefined && kind !== undefined) return profileOf(profiles, kind, request)
  const page = profiles?.page(path, request)
  if (page !== undefined) return text(page.status, page.text)
  // The other names are those of kollect, flowlogs-pipeline and insights-remote.
  switch (path) {
    case '/':
      return text(
        200,
        Object.entries({ ...pages, ...(profiles === undefined ? {} : profilePages) })
          .map(([page, what]) => `${page.padEnd(22)}${what}\n`)
          .join(''),
      )
    case '/metrics':
    case '/__/metrics':
      return metrics(options)
    case '/healthz/live':
    case '/__/health':
    case '/live':
    case '/healthz':
      return health(options, 'live')
    case '/healthz/ready':
    case '/__/ready':
    case '/ready':
    case '/readyz':
      return health(options, 'ready')
    case '/healthz/accepting':
      return health(options, 'accepting')
    default:
      return text(404, 'Not found; / lists all pages.\n')
  }
}

async function metrics(options: OpsOptions): Promise<Answer> {
  try {
    const { contentType, body } = await options.metrics()
    return { status: 200, type: contentType, body }
  } catch (error) {
    return text(500, `The metrics could not be written: ${messageOf(error)}\n`)
  }
}

async function profileOf(profiles: OpsProfiles, kind: ProfileKind, request: IncomingMessage): Promise<Answer> {
  if (request.method !== 'GET') return text(405, 'A profile needs GET.\n')
  const given = await profiles.answer(kind, request)
  if ('problem' in given) return text(given.status, `${given.problem}\n`)
  return {
    status: 200,
    type: 'application/octet-stream',
    body: given.profile,
    headers: { 'content-disposition': `attachment; filename="${given.name}"` },
  }
}

function health(options: OpsOptions, which: 'live' | 'ready' | 'accepting'): Answer {
  const { reasons, warnings, draining, ...is } = options.health()
  const shown = {
    [which]: is[which],
    draining,
    reasons: reasons.map(withoutUrlSecrets),
    warnings: warnings.map(withoutUrlSecrets),
  }
  const body = `${JSON.stringify(shown)}\n`
  return { status: is[which] ? 200 : 503, type: 'application/json; charset=utf-8', body }
}

function text(status: number, body: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', body }
}

function send(request: IncomingMessage, response: ServerResponse, { status, type, body, headers }: Answer) {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
    ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}
