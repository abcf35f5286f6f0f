// A stand-in for Exoscale's API v2, with one port per zone: `/event`, `/organization`, `/zone` and given answers. It
// verifies signatures, rejects expired ones and unsigned parameters, omits edges, and writes errors in each
// documented form.
import { createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { endAtOnce, listenHere, urlOf } from './loopback.ts'

export interface ExoscaleRequest {
  readonly zone: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly authorization: string | undefined
}

/** `drop`: the connection ends without a response; `silent`: no response; `cut`: half of the response. */
export type ExoscaleFault =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body: unknown }
  | 'drop'
  | 'silent'
  | 'cut'

interface Held {
  readonly zone: string
  readonly event: unknown
  readonly time: number
  readonly visible: number
}

const day = 86_400_000

export class ExoscaleServer {
  readonly key = { key: 'EXOexampleKey', secret: 'exampleSecret' }
  readonly organization = '10a1f2d3-0000-4111-8222-333344445555'
  readonly received: ExoscaleRequest[] = []
  now: () => number = Date.now
  /** Whether a zone returns events of all zones: undocumented. */
  returnsAll = false
  /** By path, without `/v2`, of every zone, or of one: `ch-gva-2 /instance`. */
  readonly answers = new Map<string, unknown>()
  readonly #zones = new Map<string, Server>()
  readonly #held: Held[] = []
  readonly #faults: { readonly zone: string; readonly path: RegExp; readonly fault: ExoscaleFault; left: number }[] = []

  async start(...zones: readonly string[]): Promise<this> {
    for (const zone of zones) {
      const server = createServer((request, response) => {
        this.#serve(zone, request, response)
      })
      await listenHere(server)
      this.#zones.set(zone, server)
    }
    return this
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#zones.values()].map(endAtOnce))
  }

  /** Zones for the settings. */
  get zones(): { readonly name: string; readonly endpoint: string }[] {
    return [...this.#zones].map(([name, server]) => ({ name, endpoint: urlOf(server) }))
  }

  /** `visible`: Unix ms from which the events are returned. */
  put(zone: string, events: readonly unknown[], visible = 0): void {
    for (const event of events) {
      const time = Date.parse(String((event as Readonly<Record<string, unknown>> | null)?.['timestamp']))
      this.#held.push({ zone, event, time: Number.isNaN(time) ? this.now() - 1 : time, visible })
    }
  }

  /** The next `times` matching requests of a zone get this response. */
  fail(
    zone: string,
    fault: ExoscaleFault,
    { times = 1, path = /event/ }: { readonly times?: number; readonly path?: RegExp } = {},
  ): void {
    this.#faults.push({ zone, path, fault, left: times })
  }

  mend(): void {
    this.#faults.length = 0
  }

  queries(zone?: string): readonly ExoscaleRequest[] {
    return this.received.filter((one) => one.path === '/v2/event' && (zone === undefined || one.zone === zone))
  }

  #serve(zone: string, request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://zone')
    this.received.push({
      zone,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      authorization: request.headers.authorization,
    })
    const due = this.#faults.find((one) => one.zone === zone && one.left > 0 && one.path.test(url.pathname))
    if (due !== undefined) due.left--
    const fault = due?.fault
    if (fault === 'drop') return void request.socket.resetAndDestroy()
    if (fault === 'silent') return
    const date = new Date(this.now()).toUTCString()
    if (typeof fault === 'object') {
      const isText = typeof fault.body === 'string'
      return void response
        .writeHead(fault.status, { 'content-type': isText ? 'text/html' : 'application/json', date, ...fault.headers })
        .end(isText ? fault.body : JSON.stringify(fault.body))
    }
    const [status, answer] = this.#answer(zone, request, url)
    const text = JSON.stringify(answer)
    response
      .writeHead(status, { 'content-type': 'application/json', date })
      .end(fault === 'cut' ? text.slice(0, text.length >> 1) : text)
  }

  #answer(zone: string, request: IncomingMessage, url: URL): [number, unknown] {
    if (request.method !== 'GET') return [404, { message: 'Not Found' }]
    if (url.pathname === '/v2/zone')
      return [
        200,
        {
          zones: this.zones.map(({ name, endpoint }) => ({
            name,
            'api-endpoint': `${endpoint}/v2`,
            'sos-endpoint': `https://sos-${name}.exo.io`,
          })),
        },
      ]
    const refused = this.#refused(request, url)
    if (refused !== undefined) return [403, { message: refused }]
    const path = url.pathname.slice('/v2'.length)
    const given = this.answers.get(`${zone} ${path}`) ?? this.answers.get(path)
    if (given !== undefined) return [200, given]
    if (url.pathname === '/v2/organization') return [200, { id: this.organization, name: 'Example', currency: 'CHF' }]
    if (url.pathname !== '/v2/event') return [404, { message: 'Not Found' }]
    const now = this.now()
    const bound = (name: string, usual: number): number =>
      url.searchParams.has(name) ? Date.parse(url.searchParams.get(name) ?? '') : usual
    const [from, to] = [bound('from', now - day), bound('to', now)]
    if (Number.isNaN(from) || Number.isNaN(to) || from > to)
      return [
        400,
        {
          type: 'about:blank',
          title: 'Bad Request',
          status: 400,
          detail: 'Invalid parameters',
          errors: [{ detail: 'must be a date and time', location: '$.query.from' }, 'and nothing else'],
        },
      ]
    return [
      200,
      this.#held
        .filter(
          (one) => (this.returnsAll || one.zone === zone) && one.visible <= now && one.time > from && one.time < to,
        )
        .toSorted((a, b) => a.time - b.time)
        .map(({ event }) => event),
    ]
  }

  /** Follows the documentation, without Weir's code. */
  #refused(request: IncomingMessage, url: URL): string | undefined {
    const [, credential, names = '', expires, signature] =
      /^EXO2-HMAC-SHA256 credential=([^,]+),(?:signed-query-args=([^,]+),)?expires=(\d+),signature=([A-Za-z0-9+/=]+)$/.exec(
        request.headers.authorization ?? '',
      ) ?? []
    if (credential !== this.key.key) return 'Invalid key'
    if (Number(expires) * 1000 < this.now()) return 'Signature expired'
    const once = [...new Set(url.searchParams.keys())]
      .filter((name) => url.searchParams.getAll(name).length === 1)
      .sort()
    if (names !== once.join(';')) return 'Invalid signed arguments'
    const text = [
      `GET ${(request.url ?? '').split('?')[0]}`,
      '',
      once.map((name) => url.searchParams.get(name)).join(''),
      '',
      expires,
    ].join('\n')
    return createHmac('sha256', this.key.secret).update(text, 'utf8').digest('base64') === signature
      ? undefined
      : 'Invalid signature'
  }
}
