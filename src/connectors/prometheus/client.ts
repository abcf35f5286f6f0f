import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { discardRest } from '../../host/discard.ts'
import { listening } from '../../host/listen.ts'
import type { Timer, Timers } from '../../host/index.ts'
import { messageOf, WeirError } from '../../model/errors.ts'
import { formatHostPort, type HostPort } from '../../schema/values.ts'
import type { TlsFiles } from '../../net/tls-files.ts'
import type { Log } from '../../telemetry/ports.ts'
import { formatOf, openMetricsType, textType } from './map.ts'

type ScrapeOutcome = 'answered' | 'unauthorized' | 'failed'

type ScrapeServerOptions = Readonly<{
  places: readonly HostPort[]
  tls: TlsFiles | undefined
  token: () => string | undefined
  timers: Timers
  log: Log
  metrics: (format: 'prometheus' | 'openmetrics') => Readonly<{ parts: Iterable<string>; done: () => void }>
  scraped: (outcome: ScrapeOutcome) => void
}>

const rebindMs = 1000
/** A client that takes nothing for this long is disconnected: series do not expire during a scrape. */
const stalledMs = 30_000
const limits = { requestTimeout: 10_000, headersTimeout: 5_000, maxHeaderSize: 16_384 }

/** Serves scrapes. An address in use is tried again: the predecessor of a reload may still have it. */
export class ScrapeServer {
  readonly #options: ScrapeServerOptions
  readonly #servers: (Server | TlsServer)[] = []
  #waiting: readonly HostPort[]
  #problem: string | undefined
  #timer: Timer | undefined
  #closed = false

  private constructor(options: ScrapeServerOptions) {
    this.#options = options
    this.#waiting = options.places
  }

  /** Rejects if an address can't be used for another reason than being in use. */
  static async open(options: ScrapeServerOptions): Promise<ScrapeServer> {
    const server = new ScrapeServer(options)
    try {
      await server.#bind()
      return server
    } catch (error) {
      await server.close()
      throw error
    }
  }

  get problem(): string | undefined {
    return this.#problem
  }

  get addresses(): readonly string[] {
    const scheme = this.#options.tls === undefined ? 'http' : 'https'
    return this.#servers.flatMap((server) => {
      const bound = server.address()
      if (typeof bound !== 'object' || bound === null) return []
      return [`${scheme}://${formatHostPort({ host: bound.address, port: bound.port })}/metrics`]
    })
  }

  renew(): void {
    const { tls } = this.#options
    if (tls !== undefined)
      for (const server of this.#servers) if ('setSecureContext' in server) server.setSecureContext(tls.current)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.cancel()
    await Promise.all(
      this.#servers.map(
        (server) =>
          new Promise<void>((resolve) => {
            server.close(() => resolve())
            server.closeAllConnections()
          }),
      ),
    )
  }

  async #bind() {
    const waiting: HostPort[] = []
    let problem: string | undefined
    for (const address of this.#waiting) {
      const server = this.#serverOf()
      try {
        await listening(server, address)
        this.#servers.push(server)
      } catch (error) {
        if (!(error instanceof WeirError) || error.code !== 'WEIR_LISTEN_IN_USE') throw error
        problem = `${messageOf(error)} Choose another \`listen\`, or end the other program`
        waiting.push(address)
      }
    }
    this.#waiting = waiting
    this.#problem = problem
    if (this.#closed) return this.close()
    if (waiting.length > 0) this.#timer = this.#options.timers.after(rebindMs, () => this.#rebind())
  }

  #rebind() {
    this.#bind().catch((error: unknown) => {
      this.#problem = messageOf(error)
      this.#options.log.error('The address for scrapes cannot be used.', { error: messageOf(error) })
    })
  }

  #serverOf(): Server | TlsServer {
    const { tls } = this.#options
    const answer: RequestListener = (request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        this.#options.scraped('failed')
        this.#options.log.warn('A scrape could not be answered.', { error: messageOf(error) })
        response.destroy()
      })
    }
    const server =
      tls === undefined
        ? createServer(limits, answer)
        : createTlsServer(
            {
              ...limits,
              ...tls.current,
              requestCert: tls.current.ca !== undefined,
              rejectUnauthorized: tls.current.ca !== undefined,
            },
            answer,
          )
    server.maxConnections = 100
    return server
  }

  async #answer(request: IncomingMessage, response: ServerResponse) {
    await discardRest(request, this.#options.timers)
    const path = request.url?.split('?', 1)[0]
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return plain(response, 405, 'Only GET and HEAD are allowed here.\n', { allow: 'GET, HEAD' })
    const token = this.#options.token()
    if (token !== undefined && !equal(`Bearer ${token}`, request.headers.authorization ?? '')) {
      this.#options.scraped('unauthorized')
      return plain(response, 401, 'The bearer token is missing or wrong.\n', { 'www-authenticate': 'Bearer' })
    }
    if (path === '/') return plain(response, 200, '/metrics              flow metrics for Prometheus\n')
    if (path !== '/metrics') return plain(response, 404, 'Not found; the metrics are at /metrics.\n')
    const format = formatOf(request.headers.accept)
    const zipped = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '')
    response.writeHead(200, {
      'content-type': format === 'openmetrics' ? openMetricsType : textType,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      vary: 'accept, accept-encoding',
      ...(zipped ? { 'content-encoding': 'gzip' } : {}),
    })
    if (request.method === 'HEAD') return void response.end()
    response.setTimeout(stalledMs, () => response.destroy())
    const { parts, done } = this.#options.metrics(format)
    try {
      const text = Readable.from(encoded(parts), { objectMode: false })
      await (zipped ? pipeline(text, createGzip({ level: 1 }), response) : pipeline(text, response))
      this.#options.scraped('answered')
    } finally {
      done()
    }
  }
}

function* encoded(parts: Iterable<string>): Generator<Buffer> {
  for (const part of parts) if (part !== '') yield Buffer.from(part)
}

function equal(expected: string, given: string) {
  return timingSafeEqual(digest(expected), digest(given))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function plain(response: ServerResponse, status: number, body: string, headers: Record<string, string> = {}) {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...headers }).end(body)
}
