/** Facts, problems and SBOMs of workloads over HTTP. */
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { SourceContext } from '../../../engine/contracts.ts'
import { discardRest } from '../../../host/discard.ts'
import type { MemoryLease } from '../../../host/index.ts'
import { hasCode, messageOf } from '../../../model/errors.ts'
import { jsonMemory } from '../../../model/json-memory.ts'
import { releaseBuffer } from '../../../model/release-buffer.ts'
import type { WeirEvent } from '../../../model/events.ts'
import { ReportError } from '../../../codecs/sbom/index.ts'
import { insightsFamilies, insightsTypes, type DirectDelete, type InsightsKind } from '../../../model/insights.ts'
import { assertShallow } from '../../../model/json-depth.ts'
import { kubernetesRef } from '../../../model/refs.ts'
import { PushRefused } from '../../../net/http/push-refused.ts'
import { readRequestBody } from '../../../net/http/request-body.ts'
import { hmacAlgorithms, TokenVerifier, type VerifiedToken } from '../../../net/lagoon-token.ts'
import { isTooLarge } from '../../../polling/chunks.ts'
import type { InsightsConfig } from '../config.ts'
import { environmentNumber, factsOf, problemsOf, Unreadable } from '../map/direct.ts'
import { goJson } from '../map/json.ts'
import { writeReport } from '../map.ts'
import { reportOfUpload } from '../map/upload.ts'
import type { Place, ReportContents } from './contents.ts'
import {
  answerOf,
  drainedBodies,
  notFound,
  Refused,
  routeOf,
  send,
  tooLarge,
  type Answer,
  type Route,
} from './http-exchange.ts'
import type { Namespaces } from './namespaces.ts'
import { RequestAppender } from './requests.ts'

export type WebOptions = Readonly<{
  config: InsightsConfig
  context: SourceContext
  contents: ReportContents
  /** The current secret, then the previous one. */
  secrets: readonly string[]
  /** Undefined: tokens are not bound to namespaces. */
  namespaces: Namespaces | undefined
}>

/** A request, and the memory of its body and of what is made of it. */
type Received = Readonly<{ request: IncomingMessage; memory: MemoryLease }>

const okay: Answer = { status: 200, body: { message: 'okay' } }

type WrittenReport = Readonly<{
  kind: InsightsKind
  message: string
  /** Part of the key of the event. */
  part: string
}>

export class InsightsWeb {
  readonly #options: WebOptions
  readonly #tokens: TokenVerifier
  readonly #appender: RequestAppender
  /** Ids are unique without a random number for each request. */
  readonly #prefix: string
  #appended = 0
  #isClosing = false

  constructor(options: WebOptions) {
    this.#options = options
    const { config, context, secrets } = options
    this.#appender = new RequestAppender(context)
    this.#prefix = Buffer.from(context.host.random.bytes(10)).toString('hex')
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
    const taking =
      'kind' in route
        ? this.#options.context.host.memory
            .use(0, (memory) => this.#take(route, { request, memory }))
            .catch((error: unknown) => answerOf(refusedForMemory(error)))
        : Promise.resolve(route)
    const answered = taking.then(async (answer) => {
      await discardRest(request, this.#options.context.host.timers, drainedBodies * this.#options.config.max_body)
      return answer
    })
    answered.then(
      (answer) => {
        const { metrics, id } = this.#options.context
        metrics.count('weir_lagoon_http_requests_total', 1, { source: id, route: name, status: String(answer.status) })
        send(response, answer, this.#isClosing ? 'close' : 'keep')
      },
      () => response.destroy(),
    )
  }

  async #take(route: Route, given: Received): Promise<Answer> {
    const { request } = given
    const { config, contents } = this.#options
    // insights-remote, which `strict` imitates, has no such path.
    if (route.kind === 'sbom' && config.strict) return notFound
    const token = await this.#authenticate(request)
    if (token === undefined) return { status: 500, body: '' }
    const wrongId = route.method === 'DELETE' ? 'BAD REQUEST' : 'Unable to parse environment ID'
    const environment = environmentNumber(token.environmentId)
    const position: Place = {
      namespace: token.namespace,
      project: token.projectName,
      environment: token.environmentName,
    }
    const writtenNumber = writtenOf(request)
    if (route.kind === 'sbom') return this.#takeSbom(route.service, position, token, given)
    if (route.method === 'DELETE') {
      if (environment === undefined) throw badId(wrongId)
      const type = `direct.delete.${route.kind}` as const
      const { source, service } = route
      const message = goJson({ type, environment, source, service } satisfies DirectDelete)
      const rows = contents.ofDeleted(route.kind, route, position, writtenNumber)
      return this.#append(token, { kind: type, message, part: route.kind }, request, rows)
    }
    const body = await this.#json(given)
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
    const posted =
      'facts' in items
        ? ({ kind: 'facts', items: items.facts ?? [] } as const)
        : ({ kind: 'problems', items: items.problems ?? [] } as const)
    const rows = await contents.ofPosted(posted, position, writtenNumber)
    const report = { kind: `direct.${route.kind}`, message: goJson(message), part: route.kind } as const
    return this.#append(token, report, request, rows)
  }

  async #takeSbom(service: string, position: Place, token: VerifiedToken, given: Received): Promise<Answer> {
    const { config, context, contents } = this.#options
    const { request } = given
    if (!/^(?:identity|gzip|zstd)$/.test(request.headers['content-encoding'] ?? 'identity'))
      throw new Refused(415, 'unsupported', 'compress the body with gzip or zstd')
    const body = await this.#body(given, config.max_sbom)
    const report = await context.host.memory
      .use(0, (memory) =>
        reportOfUpload(body, service, position, {
          maxBytes: config.max_decompressed,
          reserve: (bytes) => memory.grow(bytes),
        }),
      )
      .catch((error: unknown) => {
        if (!(error instanceof ReportError)) throw error
        throw new Refused(uploadStatus[error.problem], 'Unable to parse incoming data', error.message)
      })
    const rows = await contents.ofImage(report)
    const answer = await this.#append(
      token,
      { kind: 'sbom', message: writeReport(report), part: `sbom/${service}` },
      request,
      rows,
    )
    contents.appended(report)
    return answer
  }

  /** Undefined, with `strict`: the fault of insights-remote. Throws Refused. */
  async #authenticate({ headers: { authorization } }: IncomingMessage): Promise<VerifiedToken | undefined> {
    const { config, context, namespaces } = this.#options
    const header = authorization ?? ''
    if (config.strict && header.split('.').length !== 3) return undefined
    const tokenText = config.strict ? header : header.replace(/^bearer +/i, '')
    const token = await this.#tokens.verify(tokenText, context.host.clock.now())
    if (token === undefined)
      throw new Refused(401, 'unauthorized', 'the token is missing or not valid', { 'www-authenticate': 'Bearer' })
    if (namespaces === undefined) return token
    if (!namespaces.isListed)
      throw new Refused(503, 'unavailable', 'the namespaces are not read yet', { 'retry-after': '5' })
    if (!namespaces.belongs(token))
      throw new Refused(403, 'forbidden', 'the token belongs to an environment that does not exist any more')
    return token
  }

  async #json(given: Received): Promise<unknown> {
    const { request, memory } = given
    if ((request.headers['content-encoding'] ?? 'identity') !== 'identity')
      throw new Refused(415, 'unsupported', 'send the body without Content-Encoding')
    const body = await this.#body(given, this.#options.config.max_body)
    memory.grow(jsonMemory(body))
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(body)
    releaseBuffer(body, body.buffer.byteLength)
    return attempt(() => {
      assertShallow(text)
      return JSON.parse(text) as unknown
    })
  }

  async #body({ request, memory }: Received, most: number): Promise<Buffer> {
    if (Number(request.headers['content-length'] ?? 0) > most) throw tooLarge(most)
    return readRequestBody(request, { isZipped: false, maxBytes: most, lease: memory }).catch((error: unknown) => {
      if (!(error instanceof PushRefused)) throw error
      throw error.reason === 'too_large' ? tooLarge(most) : new Refused(error.status, 'BAD REQUEST', error.message)
    })
  }

  async #append(
    { namespace }: VerifiedToken,
    { kind, message, part }: WrittenReport,
    request: IncomingMessage,
    rows: readonly WeirEvent[],
  ): Promise<Answer> {
    const { config, context } = this.#options
    const { host } = context
    const repeatKey = request.headers['idempotency-key']
    const event: WeirEvent = {
      id:
        typeof repeatKey === 'string'
          ? `${namespace}/${kind}/${repeatKey.slice(0, 200)}`
          : this.#prefix + (this.#appended++).toString(16).padStart(12, '0'),
      source: `/kubernetes/${config.cluster}`,
      type: insightsTypes.report,
      family: insightsFamilies[kind],
      time: host.clock.now(),
      subject: `namespaces/${namespace}`,
      datacontenttype: 'application/json',
      extensions: { insightskind: kind },
      key: `${config.cluster}/${namespace}/${part}`,
      ref: kubernetesRef({ cluster: config.cluster, group: '', kind: 'Namespace', namespace: '', name: namespace }),
      encoding: 'json',
      data: new TextEncoder().encode(message),
    }
    if (isTooLarge(event)) throw new Refused(413, 'too large', 'the report has more than 16 MiB in base64')
    try {
      // The report is stored after its rows: the client repeats a request of which a part is not stored.
      await this.#appender.append([...rows, event], { repeatable: typeof repeatKey === 'string' })
    } catch (error) {
      context.log.warn('A report of a workload cannot be stored.', { source: context.id, error: messageOf(error) })
      throw new Refused(503, 'unavailable', 'the report cannot be stored now', { 'retry-after': '5' })
    }
    return okay
  }
}

/** The client may send a request again that others' requests leave no memory for. */
function refusedForMemory(error: unknown): unknown {
  if (hasCode(error, 'WEIR_MEMORY_BUSY'))
    return new Refused(503, 'unavailable', messageOf(error), { 'retry-after': '1' })
  return hasCode(error, 'WEIR_MEMORY_TOO_LARGE') ? new Refused(413, 'too large', messageOf(error)) : error
}

const uploadStatus = { 'too-large': 413, malformed: 400, 'unknown-format': 415 } as const

function attempt<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    const status = error instanceof Unreadable ? error.status : 400
    throw new Refused(status, 'Unable to parse incoming data', messageOf(error))
  }
}

const badId = (word: string): Refused => new Refused(400, word, 'the environment id of the token is no 32-bit integer')

/** A number from the key of a request that may be repeated, for the ids of its contents. */
function writtenOf({ headers }: IncomingMessage): number | undefined {
  const repeatKey = headers['idempotency-key']
  if (typeof repeatKey !== 'string') return undefined
  return createHash('sha256').update(repeatKey).digest().readUIntBE(0, 6)
}
