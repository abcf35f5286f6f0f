/** Facts and problems of workloads over HTTP. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { SourceContext } from '../../engine/contracts.ts'
import { eventUnit } from '../../engine/sources/append-events.ts'
import { messageOf } from '../../model/errors.ts'
import type { WeirEvent } from '../../model/events.ts'
import { insightsFamilies, insightsTypes, type DirectDelete, type InsightsKind } from '../../model/insights.ts'
import { kubernetesRef } from '../../model/refs.ts'
import { hmacAlgorithms, TokenVerifier, type VerifiedToken } from '../../net/lagoon-token.ts'
import type { InsightsConfig } from './config.ts'
import { environmentNumber, factsOf, problemsOf, Unreadable } from './map-direct.ts'
import { goJson } from './map-json.ts'
import type { Namespaces } from './source-namespaces.ts'

export type WebOptions = Readonly<{
  config: InsightsConfig
  context: SourceContext
  /** The current one, then the previous one. */
  secrets: readonly string[]
  /** Undefined: tokens are not bound to namespaces. */
  namespaces: Namespaces | undefined
}>

type Kind = 'facts' | 'problems'

type Route = Readonly<{
  kind: Kind
  method: 'POST' | 'DELETE'
  source: string
  service: string
}>

type Answer = Readonly<{
  status: number
  /** Empty: no body. */
  body: object | string
  headers?: Readonly<Record<string, string>>
}>

/** Bodies in memory, as a multiple of the largest. */
const mostBodies = 32
const okay: Answer = { status: 200, body: { message: 'okay' } }

class Refused extends Error {
  readonly answer: Answer

  constructor(status: number, word: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.answer = { status, body: { message, status: word }, headers }
  }
}

export class InsightsWeb {
  readonly #options: WebOptions
  readonly #tokens: TokenVerifier
  #held = 0
  #isClosing = false

  constructor(options: WebOptions) {
    this.#options = options
    const { config, secrets } = options
    const isAnyHmac = config.token_algorithms === 'hmac' || config.strict
    this.#tokens = new TokenVerifier(secrets, isAnyHmac ? hmacAlgorithms : ['HS256'])
  }

  readonly closing = (): void => {
    this.#isClosing = true
  }

  readonly listener = (request: IncomingMessage, response: ServerResponse): void => {
    request.on('error', () => response.destroy())
    let route: Route | Answer
    try {
      route = routeOf(request)
    } catch (error) {
      route = answerOf(error)
    }
    const name = 'kind' in route ? `${route.method} /${route.kind}` : 'other'
    const taken = 'kind' in route ? this.#take(route, request).catch(answerOf) : Promise.resolve(route)
    taken.then(
      (answer) => {
        const { metrics, id } = this.#options.context
        metrics.count('weir_lagoon_http_requests_total', 1, { source: id, route: name, status: String(answer.status) })
        send(response, answer, this.#isClosing)
      },
      () => response.destroy(),
    )
  }

  async #take(route: Route, request: IncomingMessage): Promise<Answer> {
    const { config } = this.#options
    const token = await this.#authenticate(request)
    if (token === undefined) return { status: 500, body: '' }
    const wrongId = route.method === 'DELETE' ? 'BAD REQUEST' : 'Unable to parse environment ID'
    const environment = environmentNumber(token.environmentId)
    if (route.method === 'DELETE') {
      if (environment === undefined) throw badId(wrongId)
      const type = `direct.delete.${route.kind}` as const
      const { source, service } = route
      return this.#append(token, type, goJson({ type, environment, source, service } satisfies DirectDelete), request)
    }
    const body = await this.#json(request)
    const parsed = attempt(() =>
      route.kind === 'facts'
        ? factsOf(body, token, config)
        : { problems: problemsOf(body, environment ?? 0, config), type: 'direct.problems' },
    )
    if (environment === undefined) throw badId(wrongId)
    const { type, ...items } = parsed
    const message = {
      environment,
      projectName: token.projectName,
      environmentName: token.environmentName,
      ...items,
      type,
    }
    return this.#append(token, `direct.${route.kind}`, goJson(message), request)
  }

  /** Undefined, with `strict`: the fault of insights-remote. Throws Refused. */
  async #authenticate({ headers: { authorization } }: IncomingMessage): Promise<VerifiedToken | undefined> {
    const { config, context, namespaces } = this.#options
    const given = authorization ?? ''
    if (config.strict && given.split('.').length !== 3) return undefined
    const bare = config.strict ? given : given.replace(/^bearer +/i, '')
    const token = await this.#tokens.verify(bare, context.host.clock.now())
    if (token === undefined)
      throw new Refused(401, 'unauthorized', 'the token is missing or not valid', { 'www-authenticate': 'Bearer' })
    if (namespaces === undefined) return token
    if (!namespaces.isListed)
      throw new Refused(503, 'unavailable', 'the namespaces are not read yet', { 'retry-after': '5' })
    if (!namespaces.belongs(token))
      throw new Refused(403, 'forbidden', 'the token belongs to an environment that does not exist any more')
    return token
  }

  async #json(request: IncomingMessage): Promise<unknown> {
    const { max_body: most } = this.#options.config
    if ((request.headers['content-encoding'] ?? 'identity') !== 'identity')
      throw new Refused(415, 'unsupported', 'send the body without Content-Encoding')
    const announced = Number(request.headers['content-length'] ?? most)
    if (announced > most && request.headers['content-length'] !== undefined)
      throw tooLarge(most, announced > drainedBodies * most)
    if (this.#held + announced > mostBodies * most)
      throw new Refused(503, 'unavailable', 'too many requests are in progress', { 'retry-after': '1' })
    this.#held += announced
    try {
      const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(await bodyOf(request, most))
      return attempt(() => JSON.parse(text) as unknown)
    } finally {
      this.#held -= announced
    }
  }

  async #append(
    { namespace }: VerifiedToken,
    kind: InsightsKind,
    message: string,
    request: IncomingMessage,
  ): Promise<Answer> {
    const { config, context } = this.#options
    const { host } = context
    const once = request.headers['idempotency-key']
    const event: WeirEvent = {
      id:
        typeof once === 'string'
          ? `${namespace}/${kind}/${once.slice(0, 200)}`
          : Buffer.from(host.random.bytes(16)).toString('hex'),
      source: `/kubernetes/${config.cluster}`,
      type: insightsTypes.report,
      family: insightsFamilies[kind],
      time: host.clock.now(),
      subject: `namespaces/${namespace}`,
      datacontenttype: 'application/json',
      extensions: { insightskind: kind },
      key: `${config.cluster}/${namespace}/${kind.endsWith('facts') ? 'facts' : 'problems'}`,
      ref: kubernetesRef({ cluster: config.cluster, group: '', kind: 'Namespace', namespace: '', name: namespace }),
      encoding: 'json',
      data: new TextEncoder().encode(message),
    }
    const isOnce = typeof once === 'string' && context.appendOnce !== undefined
    const unit = eventUnit(context.id, [event], host.clock.now(), { once: isOnce })
    try {
      await (isOnce ? context.appendOnce?.(unit) : context.append(unit, [event]))
    } catch (error) {
      context.log.warn('A report of a workload cannot be stored.', { source: context.id, error: messageOf(error) })
      throw new Refused(503, 'unavailable', 'the report cannot be stored now', { 'retry-after': '5' })
    }
    return okay
  }
}

function attempt<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    const status = error instanceof Unreadable ? error.status : 400
    throw new Refused(status, 'Unable to parse incoming data', messageOf(error))
  }
}

const badId = (word: string): Refused => new Refused(400, word, 'the environment id of the token is no 32-bit integer')

/** A close before the client has sent the rest resets the connection, and the client may miss the response. */
const drainedBodies = 16

const tooLarge = (most: number, closes = true): Refused =>
  new Refused(413, 'too large', `the body has more than ${most} bytes`, closes ? { connection: 'close' } : {})

const notFound: Answer = { status: 404, body: '404 page not found' }

/** Throws Refused. */
function routeOf({ method, url = '/' }: IncomingMessage): Route | Answer {
  const [written = ''] = url.split('?', 1)
  let path: string
  try {
    path = decodeURIComponent(written)
  } catch {
    throw new Refused(400, 'BAD REQUEST', 'the path is not valid')
  }
  if (path.length > 1 && path.endsWith('/')) {
    const found = routeOf({ method, url: written.replace(/\/+$/, '') } as IncomingMessage)
    return 'kind' in found ? { status: 307, body: '', headers: { location: written.replace(/\/+$/, '') } } : found
  }
  const [, kind, source, service, more] = path.split('/')
  if ((kind !== 'facts' && kind !== 'problems') || more !== undefined) return notFound
  if (method === 'POST' && source === undefined) return { kind, method, source: '', service: '' }
  if (method === 'DELETE' && source !== undefined && source !== '')
    return { kind, method, source, service: service ?? '' }
  return notFound
}

function answerOf(error: unknown): Answer {
  if (error instanceof Refused) return error.answer
  return { status: 500, body: { message: 'internal error', status: 'error' } }
}

function send(response: ServerResponse, { status, body, headers }: Answer, isLast: boolean): void {
  if (response.destroyed) return
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  response.writeHead(status, {
    ...(text === ''
      ? {}
      : { 'content-type': typeof body === 'string' ? 'text/plain' : 'application/json; charset=utf-8' }),
    'content-length': String(Buffer.byteLength(text)),
    ...headers,
    ...(isLast ? { connection: 'close' } : {}),
  })
  response.end(text)
}

function bodyOf(request: IncomingMessage, most: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    let size = 0
    request.on('data', (piece: Buffer) => {
      size += piece.length
      if (size <= most) return void pieces.push(piece)
      pieces.length = 0
      reject(tooLarge(most))
    })
    request.once('end', () => resolve(Buffer.concat(pieces)))
    request.once('close', () => {
      if (!request.complete) reject(new Refused(400, 'BAD REQUEST', 'the request ended too early'))
    })
  })
}
