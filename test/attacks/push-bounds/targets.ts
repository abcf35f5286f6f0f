/** Sends bodies to a listener, over HTTP or gRPC. */
import http2, { type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2'
import type { SeededRandom } from '../../kit/random.ts'
import { compressed, expandingBody, type Encoding } from './bodies.ts'
import type { Listener } from './listeners.ts'

/** Status 0: no response. */
export type Sent = Readonly<{ what: string; status: number; retryAfter: string | null; ms: number }>

type Body = Readonly<{ encoding: Encoding; body: Uint8Array }>
type Response = Pick<Sent, 'status' | 'retryAfter'>

export type Target = Pick<Listener, 'name' | 'encodings' | 'shape' | 'most' | 'valid'> &
  Readonly<{
    /** Resolves with the status of HTTP, or the one that has the same meaning. */
    send(body: Body): Promise<Response>
  }>

export async function send({ send: post }: Target, body: Body, what: string): Promise<Sent> {
  const started = performance.now()
  const response = await post(body).catch((): Response => ({ status: 0, retryAfter: null }))
  return { what, ...response, ms: performance.now() - started }
}

/** Making a body takes as long as decoding it: from this number on, bodies are sent again in another order. */
const mostBodies = 60

export class ExpandingBodies {
  readonly #target: Target
  readonly #random: SeededRandom
  readonly #made: (Body & Readonly<{ what: string }>)[] = []

  constructor(target: Target, random: SeededRandom) {
    this.#target = target
    this.#random = random
  }

  send(): Promise<Sent> {
    const body = this.#made.length < mostBodies ? this.#make() : this.#random.pick(this.#made)
    return send(this.#target, body, body.what)
  }

  #make() {
    const { encodings, most, shape } = this.#target
    const encoding = this.#random.pick(encodings)
    const [what, plain] = expandingBody(this.#random, most, shape)
    const made = { encoding, body: compressed(encoding, plain), what: `${what}, ${encoding}` }
    this.#made.push(made)
    return made
  }
}

export function sendValid(target: Target, n: number): Promise<Sent> {
  const encoding = target.encodings.includes('identity') ? 'identity' : (target.encodings[0] ?? 'identity')
  return send(target, { encoding, body: compressed(encoding, target.valid(n)) }, 'valid')
}

export function overHttp(listener: Listener): Target {
  const { url, method, headers, isImplied } = listener
  return {
    ...listener,
    async send({ encoding, body }) {
      const encoded = encoding === 'identity' || isImplied === true ? {} : { 'content-encoding': encoding }
      const response = await fetch(url, { method, headers: { ...headers, ...encoded }, body })
      await response.arrayBuffer()
      return { status: response.status, retryAfter: response.headers.get('retry-after') }
    },
  }
}

/** By code of gRPC. A client of `busy` repeats its call. */
const statuses: Readonly<Record<string, number>> = { '0': 200, '3': 400, '8': 413, '12': 415, '14': 503 }

export function overGrpc(
  given: Pick<Target, 'name' | 'shape' | 'most' | 'valid'>,
  { url, path }: Readonly<{ url: string; path: string }>,
): Target {
  return {
    ...given,
    encodings: ['identity', 'gzip', 'deflate'],
    // A separate one, as of another client: a session refuses calls while much of it is not sent.
    async send({ encoding, body }) {
      const session = http2.connect(url)
      session.on('error', () => {})
      try {
        return await call(session, path, { encoding, body })
      } finally {
        session.destroy()
      }
    },
  }
}

function call(session: ClientHttp2Session, path: string, { encoding, body }: Body): Promise<Response> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      'grpc-encoding': encoding,
      te: 'trailers',
    })
    let given: IncomingHttpHeaders = {}
    const take = (headers: IncomingHttpHeaders): void => {
      given = { ...given, ...headers }
    }
    stream.on('response', take).on('trailers', take).on('error', reject).resume()
    stream.on('close', () => {
      const status = statuses[String(given['grpc-status'])] ?? 0
      const isBusy = status === 413 && /in use by other requests/.test(decodeURI(String(given['grpc-message'])))
      const retryAfter = isBusy || given['grpc-status-details-bin'] !== undefined ? '1' : null
      resolve({ status: isBusy ? 429 : status, retryAfter })
    })
    const head = Buffer.alloc(5)
    head[0] = encoding === 'identity' ? 0 : 1
    head.writeUInt32BE(body.length, 1)
    stream.write(head)
    stream.end(body)
  })
}
