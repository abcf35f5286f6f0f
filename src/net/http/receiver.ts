/** HTTP servers for programs that push: token, limits of size and memory, gzip, and an answer when rows are synced. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { discardRest } from '../../host/discard.ts'
import type { MemoryBudget, MemoryLease, Timers } from '../../host/index.ts'
import { releaseBuffer } from '../../model/release-buffer.ts'
import type { HostPort } from '../../schema/values.ts'
import type { TlsOptions } from '../tls.ts'
import { openHttpListeners, type HttpListeners } from './listeners.ts'
import { PushRefused, refusalOf, tooLarge, type RefusalReason } from './push-refused.ts'
import { readRequestBody } from './request-body.ts'

export type PushRequest = Readonly<{
  headers: IncomingHttpHeaders
  /** Lower case, without parameters. */
  type: string
  /** Decompressed, if the encoding is gzip; valid until the answer. */
  body: Buffer
  /** Memory of the body and of everything that is made of it; released with the answer. */
  lease: MemoryLease
}>

export type PushAnswer = Readonly<{
  status: number
  headers?: Readonly<Record<string, string>>
  body?: string | Uint8Array
}>

export type ReceiverOptions = Readonly<{
  places: readonly HostPort[]
  tls: TlsOptions | undefined
  token: string | undefined
  maxBytes: number
  memory: MemoryBudget
  timers: Timers
  /** Handlers by path. A rejection without {@link PushRefused} is 503: the client sends again. */
  routes: Readonly<Record<string, (request: PushRequest) => Promise<PushAnswer>>>
  /** Path that responds to GET as ready, without a token. */
  ready?: string
  /** The body of a refusal, if not plain text. `type`: that of the request. */
  explain?: (message: string, type: string, status: number) => Readonly<{ type: string; body: string | Uint8Array }>
  refused(reason: RefusalReason, message: string): void
}>

/** A refused body is read up to this multiple of the largest one. */
const lingerBodies = 4

export function openReceiver(options: ReceiverOptions): Promise<HttpListeners> {
  const { places, tls } = options
  const receiving = new Receiving(options)
  return openHttpListeners({ places, tls, listener: receiving.listen, closing: () => receiving.close() })
}

class Receiving {
  readonly #options: ReceiverOptions
  readonly #isAllowed: (authorization: string) => boolean
  #isClosing = false

  constructor(options: ReceiverOptions) {
    this.#options = options
    this.#isAllowed = bearerCheck(options.token)
  }

  close(): void {
    this.#isClosing = true
  }

  readonly listen: RequestListener = (request, response) => {
    request.on('error', () => response.destroy())
    this.#take(request).then(
      (answer) => {
        this.#respond(response, answer)
      },
      (error: unknown) => {
        const refused = refusalOf(error)
        this.#options.refused(refused.reason, refused.message)
        const { status } = refused
        const { type, body } = this.#options.explain?.(refused.message, typeOf(request), status) ?? {
          type: 'text/plain; charset=utf-8',
          body: `${refused.message}\n`,
        }
        const headers = {
          'content-type': type,
          ...(status === 503 ? { 'retry-after': '1' } : {}),
          ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
          ...(status === 405 ? { allow: 'POST' } : {}),
          ...refused.headers,
        }
        const { maxBytes, timers } = this.#options
        discardRest(request, timers, lingerBodies * maxBytes).then(
          () => this.#respond(response, { status, headers, body }),
          () => response.destroy(),
        )
      },
    )
  }

  #respond(response: ServerResponse, { status, headers, body }: PushAnswer) {
    if (response.destroyed) return
    response.writeHead(status, { ...headers, ...(this.#isClosing ? { connection: 'close' } : {}) })
    response.end(body)
  }

  async #take(request: IncomingMessage) {
    const { maxBytes, memory, routes, ready } = this.#options
    const { headers, method, url = '' } = request
    const path = url.split('?', 1)[0] ?? ''
    if (ready !== undefined && path === ready && (method === 'GET' || method === 'HEAD'))
      return { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: 'ready\n' }
    if (!this.#isAllowed(headers.authorization ?? ''))
      throw new PushRefused(401, 'unauthorized', 'The token is missing or wrong.')
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined
    if (route === undefined) throw new PushRefused(404, 'wrong_request', `Send to ${Object.keys(routes).join(' or ')}.`)
    if (method !== 'POST') throw new PushRefused(405, 'wrong_request', 'Send with POST.')
    const encoding = headers['content-encoding'] ?? 'identity'
    if (!['identity', 'gzip', 'snappy'].includes(encoding))
      throw new PushRefused(415, 'wrong_request', `Content-Encoding ${encoding} is not supported.`)
    if (Number(headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes)
    return memory.use(0, async (lease) => {
      const body = await readRequestBody(request, { isZipped: encoding === 'gzip', maxBytes, lease })
      try {
        return await route({ headers, type: typeOf(request), body, lease })
      } finally {
        releaseBuffer(body, body.buffer.byteLength)
      }
    })
  }
}

function typeOf({ headers }: IncomingMessage) {
  return headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
}

/** Compares in constant time. Without a token everything is allowed. */
export function bearerCheck(token: string | undefined): (authorization: string) => boolean {
  if (token === undefined) return () => true
  const expected = digest(`Bearer ${token}`)
  return (authorization) => timingSafeEqual(expected, digest(authorization))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
