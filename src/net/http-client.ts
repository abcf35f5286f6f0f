/**
 * A keep-alive HTTP client for one URL. Node's own http and not fetch: measured with 1 KB posts over 16 connections it
 * makes about four times the requests per CPU second, and fetch takes no certificates without another package.
 */
import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import https from 'node:https'
import type { Timers } from '../host/index.ts'
import type { TlsOptions } from './tls.ts'
import { messageOf } from '../model/errors.ts'

export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** At most the first {@link HttpClientOptions.keepBytes} of the body, unless more was asked for. */
  readonly body: Uint8Array
}

/** `timeout`: no whole answer in time; `aborted`: by the caller's signal; `network`: anything below HTTP. */
export type HttpFailure = 'timeout' | 'aborted' | 'network'

export class HttpError extends Error {
  readonly kind: HttpFailure

  constructor(kind: HttpFailure, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'HttpError'
    this.kind = kind
  }
}

export interface HttpClientOptions {
  readonly url: string
  /** Most connections at once; further requests wait for one. */
  readonly connections: number
  /** From the call to the end of the answer. */
  readonly timeoutMs: number
  /** How much of an answer's body is kept. */
  readonly keepBytes: number
  readonly timers: Timers
  readonly tls: TlsOptions | undefined
  /** Variables that may name a proxy (`HTTPS_PROXY`, `NO_PROXY`); undefined: none is used. */
  readonly proxyEnv?: Readonly<Record<string, string | undefined>>
}

export class HttpClient {
  readonly #options: HttpClientOptions
  readonly #agent: http.Agent
  readonly #url: URL

  constructor(options: HttpClientOptions) {
    this.#options = options
    this.#url = new URL(options.url)
    const pool = {
      keepAlive: true,
      maxSockets: options.connections,
      ...(options.proxyEnv === undefined ? {} : { proxyEnv: options.proxyEnv }),
    }
    this.#agent = this.#url.protocol === 'https:' ? new https.Agent({ ...pool, ...options.tls }) : new http.Agent(pool)
  }

  /** One POST; no redirect is followed and nothing is tried twice. Rejects with HttpError. */
  post(headers: Readonly<Record<string, string>>, body: Uint8Array, signal: AbortSignal): Promise<HttpAnswer> {
    return this.#request('POST', headers, body, signal)
  }

  /** Asks what may be done at the URL (RFC 9110, 9.3.7), and does nothing. Rejects with HttpError. */
  options(headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<HttpAnswer> {
    return this.#request('OPTIONS', headers, new Uint8Array(0), signal)
  }

  /** Puts a body to a name below the URL, which ends in a slash. Rejects with HttpError. */
  put(
    name: string,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    return this.#request('PUT', headers, body, signal, new URL(name, this.#url))
  }

  /** What a name below the URL has, at most the first `keepBytes` of it. Rejects with HttpError. */
  get(
    name: string,
    headers: Readonly<Record<string, string>>,
    keepBytes: number,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    return this.#request('GET', headers, new Uint8Array(0), signal, new URL(name, this.#url), keepBytes)
  }

  #request(
    method: 'POST' | 'OPTIONS' | 'PUT' | 'GET',
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
    signal: AbortSignal,
    url = this.#url,
    keepBytes = this.#options.keepBytes,
  ): Promise<HttpAnswer> {
    const { timeoutMs, timers } = this.#options
    const send = this.#url.protocol === 'https:' ? https.request : http.request
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(aborted())
      const request = send(url, {
        method,
        agent: this.#agent,
        headers: method === 'GET' ? headers : { ...headers, 'content-length': String(body.length) },
      })
      const timer = timers.after(timeoutMs, () =>
        request.destroy(new HttpError('timeout', `no answer within ${timeoutMs} ms`)),
      )
      const abort = (): void => void request.destroy(aborted())
      signal.addEventListener('abort', abort, { once: true })
      const end = (): void => {
        timer.cancel()
        signal.removeEventListener('abort', abort)
      }
      const fail = (error: Error): void => {
        end()
        reject(error instanceof HttpError ? error : new HttpError('network', describe(error), { cause: error }))
      }
      request.on('error', fail)
      request.on('response', (response) => {
        readAnswer(response, keepBytes).then((answer) => {
          end()
          resolve(answer)
        }, fail)
      })
      request.end(body)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}

/** Reads to the end, so that the connection can be used again, but keeps only the beginning. */
async function readAnswer(response: IncomingMessage, keepBytes: number): Promise<HttpAnswer> {
  const kept: Uint8Array[] = []
  let room = keepBytes
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    if (room > 0) kept.push(chunk.subarray(0, room))
    room -= chunk.length
    // What goes on and on is no answer to an event; leaving the loop closes the connection.
    if (room < -longAnswer) break
  }
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(kept) }
}

const longAnswer = 1024 * 1024

function aborted(): HttpError {
  return new HttpError('aborted', 'stopped before an answer came')
}

/** Node's network errors, the connection attempts of one name included, in one line. */
function describe(error: Error): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return (error.errors as unknown[]).map((one) => messageOf(one)).join('; ')
  }
  return error.message === '' ? error.name : error.message
}
