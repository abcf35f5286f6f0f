/** Requests of workloads and their responses, as insights-remote has them. */
import type { IncomingMessage, ServerResponse } from 'node:http'

export type Kind = 'facts' | 'problems'

export type Route = ItemsRoute | Readonly<{ kind: 'sbom'; method: 'POST'; service: string }>

export type ItemsRoute = Readonly<{
  kind: Kind
  method: 'POST' | 'DELETE'
  source: string
  service: string
}>

export type Answer = Readonly<{
  status: number
  /** Empty: no body. */
  body: object | string
  headers?: Readonly<Record<string, string>>
}>

export class Refused extends Error {
  readonly answer: Answer

  constructor(status: number, word: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.answer = { status, body: { message, status: word }, headers }
  }
}

/** A refused body is read up to this multiple of the largest one. */
export const drainedBodies = 16

export const tooLarge = (most: number): Refused => new Refused(413, 'too large', `the body has more than ${most} bytes`)

export const notFound: Answer = { status: 404, body: '404 page not found' }

/** Throws Refused. */
export function routeOf({ method, url = '/' }: IncomingMessage): Route | Answer {
  const [written = ''] = url.split('?', 1)
  let path: string
  try {
    path = decodeURIComponent(written)
  } catch {
    throw new Refused(400, 'BAD REQUEST', 'the path is not valid')
  }
  if (path.length > 1 && path.endsWith('/')) {
    const route = routeOf({ method, url: written.replace(/\/+$/, '') } as IncomingMessage)
    return 'kind' in route ? { status: 307, body: '', headers: { location: written.replace(/\/+$/, '') } } : route
  }
  const [, kind, source, service, more] = path.split('/')
  // `source` is the service.
  if (kind === 'sbom' && method === 'POST' && service === undefined) {
    if (isLabelValue(source ?? '')) return { kind, method, service: source ?? '' }
    throw new Refused(400, 'BAD REQUEST', 'the path is /sbom/SERVICE, with the name of a service')
  }
  if ((kind !== 'facts' && kind !== 'problems') || more !== undefined) return notFound
  if (method === 'POST' && source === undefined) return { kind, method, source: '', service: '' }
  if (method === 'DELETE' && source !== undefined && source !== '')
    return { kind, method, source, service: service ?? '' }
  return notFound
}

/** As the label `lagoon.sh/service` of a ConfigMap, and not empty. */
function isLabelValue(text: string): boolean {
  return /^[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?$/.test(text)
}

export function answerOf(error: unknown): Answer {
  if (error instanceof Refused) return error.answer
  return { status: 500, body: { message: 'internal error', status: 'error' } }
}

export function send(response: ServerResponse, { status, body, headers }: Answer, then: 'keep' | 'close'): void {
  if (response.destroyed) return
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  response.writeHead(status, {
    ...(text === ''
      ? {}
      : { 'content-type': typeof body === 'string' ? 'text/plain' : 'application/json; charset=utf-8' }),
    'content-length': String(Buffer.byteLength(text)),
    ...headers,
    ...(then === 'close' ? { connection: 'close' } : {}),
  })
  response.end(text)
}
