import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { createGunzip } from 'node:zlib'
import { openHttpListeners, type HttpListeners } from '../../net/http/listeners.ts'
import type { TlsOptions } from '../../net/tls.ts'
import type { HostPort } from '../../schema/values.ts'
import { messageOf } from '../../model/errors.ts'

export type Refusal = 'unauthorized' | 'wrong_request' | 'too_large' | 'unreadable' | 'busy' | 'not_synced'

export class Refused extends Error {
  readonly status: number
  readonly refusal: Refusal

  constructor(status: number, refusal: Refusal, message: string) {
    super(message)
    this.status = status
    this.refusal = refusal
  }
}

export type AuditListeners = HttpListeners

type AuditListenersOptions = Readonly<{
  places: readonly HostPort[]
  tls: TlsOptions | undefined
  token: string | undefined
  mostBytes: number
  take(body: Buffer): Promise<void>
  refused(refusal: Refusal, message: string): void
}>

/** Concurrent bodies, as a multiple of the largest. */
const mostBodies = 4

export function openListeners(options: AuditListenersOptions): Promise<AuditListeners> {
  const { tls, places } = options
  const answering = new Answering(options)
  return openHttpListeners({ places, tls, listener: answering.listen, closing: () => answering.lastAnswers() })
}

class Answering {
  readonly #options: AuditListenersOptions
  readonly #expected: Buffer | undefined
  #held = 0
  #closing = false

  constructor(options: AuditListenersOptions) {
    this.#options = options
    this.#expected = options.token === undefined ? undefined : digest(`Bearer ${options.token}`)
  }

  lastAnswers(): void {
    this.#closing = true
  }

  readonly listen: RequestListener = (request, response) => {
    request.on('error', () => response.destroy())
    const respond = (code: number, message?: string) => answer(response, { code, message, last: this.#closing })
    this.#take(request).then(
      () => respond(200),
      (error: unknown) => {
        const reason =
          error instanceof Refused ? error : new Refused(503, 'not_synced', `Append failed: ${messageOf(error)}`)
        this.#options.refused(reason.refusal, reason.message)
        respond(reason.status, reason.message)
      },
    )
  }

  async #take(request: IncomingMessage) {
    const { mostBytes } = this.#options
    if (this.#expected !== undefined && !timingSafeEqual(this.#expected, digest(request.headers.authorization ?? ''))) {
      throw new Refused(
        401,
        'unauthorized',
        'The token is missing or wrong: set the configured token for the user of the kubeconfig in ' +
          '--audit-webhook-config-file.',
      )
    }
    check(request, mostBytes)
    if (this.#held >= mostBodies * mostBytes)
      throw new Refused(503, 'busy', 'Too many batches are in progress; send it again.')
    const bytes =
      request.headers['content-encoding'] === 'gzip'
        ? mostBytes
        : Number(request.headers['content-length'] ?? mostBytes)
    this.#held += bytes
    try {
      await this.#options.take(await bodyOf(request, mostBytes))
    } finally {
      this.#held -= bytes
    }
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function answer(
  response: ServerResponse,
  { code, message, last }: { code: number; message: string | undefined; last: boolean },
) {
  if (response.destroyed) return
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: code < 300 ? 'Success' : 'Failure',
    ...(message === undefined ? {} : { message }),
    code,
  }
  const more =
    code === 503
      ? { 'retry-after': '1' }
      : code === 401
        ? { 'www-authenticate': 'Bearer' }
        : code === 405
          ? { allow: 'POST' }
          : {}
  response.writeHead(code, { 'content-type': 'application/json', ...more, ...(last ? { connection: 'close' } : {}) })
  response.end(JSON.stringify(status))
}

function check({ url, method, headers }: IncomingMessage, mostBytes: number) {
  if (url?.split('?', 1)[0] !== '/audit') throw new Refused(404, 'wrong_request', 'Send audit events to /audit.')
  if (method !== 'POST') throw new Refused(405, 'wrong_request', 'Send audit events with POST.')
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  if (type !== 'application/json')
    throw new Refused(415, 'wrong_request', `Content-Type is ${type ?? 'missing'}; it must be application/json.`)
  if (!['identity', 'gzip'].includes(headers['content-encoding'] ?? 'identity'))
    throw new Refused(
      415,
      'wrong_request',
      `Content-Encoding ${headers['content-encoding']} is not supported; use gzip.`,
    )
  if (Number(headers['content-length'] ?? 0) > mostBytes) throw tooLarge(mostBytes)
}

function tooLarge(mostBytes: number) {
  return new Refused(
    413,
    'too_large',
    `The batch has more than ${mostBytes} bytes: raise \`max_body\`, or lower --audit-webhook-batch-max-size ` +
      'of the API server.',
  )
}

function bodyOf(request: IncomingMessage, mostBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    let size = 0
    const zipped = request.headers['content-encoding'] === 'gzip'
    const plain = zipped ? request.pipe(createGunzip()) : request
    plain.on('data', (piece: Buffer) => {
      size += piece.length
      if (size <= mostBytes) return void pieces.push(piece)
      reject(tooLarge(mostBytes))
      pieces.length = 0
      if (zipped) request.unpipe()
      request.resume()
      if (zipped) plain.destroy()
    })
    plain.once('end', () => resolve(Buffer.concat(pieces)))
    plain.once('error', (error) =>
      reject(new Refused(400, 'unreadable', zipped ? `The body is not valid gzip: ${error.message}` : error.message)),
    )
    request.once('close', () => {
      if (!request.complete) reject(new Refused(400, 'unreadable', 'The request ended too early.'))
    })
  })
}
