// A stand-in for Open Telekom Cloud: Cloud Trace Service (API v3 and v2.0) and the part of IAM that readers need. It
// verifies signatures of both styles and has known quirks: omitted edges, markers on the last page, late traces.
import { createHash, createHmac, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'

export interface CtsTrace {
  readonly trace_id?: string
  readonly time?: number
  readonly [field: string]: unknown
}

export interface CtsProject {
  readonly id: string
  readonly name: string
  readonly region: string
}

/**
 * A faulty response. `cut`: half of the body. `reset`: the connection ends. `silent`: no response. `none`: the
 * normal one.
 */
export type Fault =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | 'cut'
  | 'reset'
  | 'silent'
  | 'none'

export interface ReceivedRequest {
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

interface TokenRequest {
  readonly auth: {
    readonly identity: {
      readonly password?: { readonly user: Readonly<Record<string, unknown>> }
      readonly assume_role?: { readonly xrole_name: string; readonly domain_id?: string }
    }
    readonly scope?: {
      readonly project?: {
        readonly id?: string
        readonly name?: string
        readonly domain?: { readonly name?: string; readonly id?: string }
      }
      readonly domain?: object
    }
  }
}

interface Held {
  readonly tracker: string
  readonly project: string
  readonly trace: unknown
  readonly time: number
  /** Unix ms from which the trace is returned. */
  readonly visible: number
  readonly marker: string
}

const domain = { id: 'eaf411e3a0b14c5d8e9f0a1b2c3d4e5f', name: 'OTC00000000001000000001' }

export class CtsServer {
  readonly domain = domain
  readonly user = { id: 'd5860b0344b14b5f9d0c1a2b3c4d5e6f', name: 'weir', password: 'a "password" of tests' }
  readonly keys = new Map([['AKEXAMPLE0000000TEST', 'SKexample/0000000000000000000000000TEST']])
  /** Required beside the keys if set. */
  securityToken: string | undefined
  /** IAM requires a second factor. */
  mfa = false
  /** Agencies of the domain by name: id of the domain that created each. */
  readonly agencies = new Map<string, string>()
  /** The catalog in tokens; undefined: one with the old API's version path at this server. */
  catalog: unknown[] | undefined
  /** Lifetime of a token in seconds. */
  lifetime = 86_400
  /** The last page also has a marker. */
  markerAtEnd = false
  /** Returns the same marker repeatedly. */
  stuck = false
  readonly received: ReceivedRequest[] = []
  now: () => number
  url = ''
  readonly #projects = new Map<string, CtsProject>()
  readonly #tokens = new Map<string, { readonly project: string; readonly until: number }>()
  #held: Held[] = []
  readonly #faults: { readonly path: RegExp; readonly fault: Fault; left: number }[] = []
  readonly #sockets = new Set<Socket>()
  readonly #server

  constructor(now: () => number = Date.now, tls?: { readonly cert: string; readonly key: string }) {
    this.now = now
    const take: RequestListener = (request, response) => {
      this.#take(request, response).catch((error: unknown) =>
        response.destroy(error instanceof Error ? error : undefined),
      )
    }
    this.#server = tls === undefined ? createServer(take) : createTlsServer(tls, take)
    this.#server.on('connection', (socket: Socket) =>
      this.#sockets.add(socket.on('close', () => this.#sockets.delete(socket))),
    )
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    const { port } = this.#server.address() as AddressInfo
    this.url = `${'setSecureContext' in this.#server ? 'https' : 'http'}://127.0.0.1:${port}`
    return this
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  project(name: string, region = /^[^_]+/.exec(name)?.[0] ?? ''): CtsProject {
    const made = { id: createHash('md5').update(name).digest('hex'), name, region }
    this.#projects.set(made.id, made)
    return made
  }

  /** `visible`: Unix ms from which the traces are returned. */
  put(
    project: CtsProject,
    traces: readonly unknown[],
    { tracker = 'system', visible = 0 }: { readonly tracker?: string; readonly visible?: number } = {},
  ): void {
    for (const trace of traces) {
      const {
        time,
        record_time: recorded,
        trace_id: id,
      } = (typeof trace === 'object' && trace !== null ? trace : {}) as CtsTrace
      this.#held.push({
        tracker,
        project: project.id,
        trace,
        time: Number(time ?? recorded ?? this.now()),
        visible,
        marker: id ?? randomUUID(),
      })
    }
  }

  /** The next matching requests get this response. */
  fail(path: RegExp, fault: Fault, times = 1): void {
    this.#faults.push({ path, fault, left: times })
  }

  mend(): void {
    this.#faults.length = 0
  }

  /** Expires all tokens. */
  expire(): void {
    this.#tokens.clear()
  }

  requests(path: RegExp): readonly ReceivedRequest[] {
    return this.received.filter((one) => path.test(one.path))
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const body = Buffer.concat(pieces)
    const url = new URL(request.url ?? '/', this.url)
    this.received.push({
      method: request.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: request.headers,
    })
    const due = this.#faults.find(({ path, left }) => left > 0 && path.test(url.pathname))
    if (due !== undefined) due.left--
    const fault = due?.fault
    if (fault === 'reset') return void request.socket.resetAndDestroy()
    if (fault === 'silent') return
    const date = new Date(this.now()).toUTCString()
    if (typeof fault === 'object')
      return void response
        .writeHead(fault.status, { 'content-type': 'application/json', date, ...fault.headers })
        .end(fault.body ?? '{"error_code":"CTS.0004","error_msg":"Internal error."}')
    const [status, answer, headers = {}] = this.#answer(request, url, body)
    const text = Buffer.from(JSON.stringify(answer))
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': text.length, date, ...headers })
    if (fault !== 'cut') return void response.end(text)
    response.write(text.subarray(0, text.length >> 1), () => {
      response.destroy()
    })
  }

  #answer(request: IncomingMessage, url: URL, body: Buffer): [number, unknown, Record<string, string>?] {
    if (request.method === 'POST' && url.pathname === '/v3/auth/tokens')
      return this.#token(body, request.headers['x-auth-token']?.toString())
    const shown = request.headers['x-auth-token']
    const token = typeof shown === 'string' ? this.#tokens.get(shown) : undefined
    const refused =
      shown === undefined
        ? this.#unsigned(request, url, body)
        : token === undefined || token.until <= this.now()
          ? 'token is invalid'
          : undefined
    const isIam = url.pathname.startsWith('/v3/projects') || url.pathname === '/v3/auth/catalog'
    if (refused !== undefined) {
      return isIam
        ? [401, { error: { code: 401, message: refused, title: 'Unauthorized' } }]
        : [
            401,
            {
              error_code: 'APIGW.0301',
              error_msg: `Incorrect IAM authentication information: ${refused}`,
              request_id: randomUUID(),
            },
          ]
    }
    if (isIam) return this.#iam(url)
    const other = this.service(url, String(token?.project ?? request.headers['x-project-id'] ?? ''))
    if (other !== undefined) return other
    const [, version, id = '', last, ending] =
      /^\/(v3|v2\.0)\/([0-9a-f]{32})\/(\w+)(?:\/(trace))?$/.exec(url.pathname) ?? []
    const project = this.#projects.get(id)
    const isTraces = version === 'v3' ? last === 'traces' && ending === undefined : ending === 'trace'
    if (project === undefined || !isTraces)
      return [
        404,
        {
          error_code: 'APIGW.0101',
          error_msg: 'The API does not exist or has not been published.',
          request_id: randomUUID(),
        },
      ]
    if ((token?.project ?? request.headers['x-project-id']) !== id)
      return [
        403,
        { error_code: 'CTS.0002', error_msg: 'Authentication failed or you do not have the required permissions.' },
      ]
    const tracker = version === 'v3' ? (url.searchParams.get('tracker_name') ?? 'system') : (last ?? '')
    return this.#traces(id, tracker, url.searchParams, version === 'v3')
  }

  /** Another service than CTS. `project`: of the token or the signed request. */
  protected service(_url: URL, _project: string): [number, unknown] | undefined {
    return undefined
  }

  #token(body: Buffer, shown: string | undefined): [number, unknown, Record<string, string>?] {
    const {
      auth: {
        identity: { password, assume_role: agency },
        scope = {},
      },
    } = JSON.parse(body.toString()) as TokenRequest
    const refuse = (message: string): [number, unknown] => [
      401,
      { error: { code: 401, message, title: 'Unauthorized' } },
    ]
    if (password !== undefined) {
      const { user } = password
      const home = user['domain'] as { name?: string; id?: string } | undefined
      if (
        user['password'] !== this.user.password ||
        !(
          user['id'] === this.user.id ||
          (user['name'] === this.user.name && (home?.name === domain.name || home?.id === domain.id))
        )
      )
        return refuse('The username or password is wrong.')
      if (this.mfa)
        return [
          401,
          {
            receipt: { methods: ['password'], required_auth_methods: [['password', 'totp']] },
            required_auth_methods: [['password', 'totp']],
          },
          { 'openstack-auth-receipt': randomUUID() },
        ]
    } else {
      const own = this.#tokens.get(shown ?? '')
      if (own === undefined || own.until <= this.now()) return refuse('The token must be updated.')
      if (agency === undefined || this.agencies.get(agency.xrole_name) !== (agency.domain_id ?? 'by name'))
        return [403, { error: { code: 403, message: 'You have no right to do this action.', title: 'Forbidden' } }]
    }
    const { project: wanted } = scope
    const project = [...this.#projects.values()].find(
      ({ id, name }) => id === wanted?.id || (name === wanted?.name && wanted.domain !== undefined),
    )
    if (project === undefined && (wanted !== undefined || password === undefined))
      return refuse('The project is not found.')
    const text = randomUUID()
    const until = this.now() + this.lifetime * 1000
    // An agency reads only its own projects.
    this.#tokens.set(text, { project: project?.id ?? '', until })
    const token = {
      expires_at: new Date(until).toISOString().replace('Z', '000Z'),
      issued_at: new Date(this.now()).toISOString(),
      methods: [password === undefined ? 'assume_role' : 'password'],
      ...(project === undefined
        ? { domain }
        : { project: { id: project.id, name: project.name, domain }, catalog: this.#catalog(project.id) }),
      user: { id: this.user.id, name: this.user.name, domain },
      roles: [],
    }
    return [201, { token }, { 'x-subject-token': text }]
  }

  #iam(url: URL): [number, unknown] {
    const all = [...this.#projects.values()].map(({ id, name }) => ({ id, name, domain_id: domain.id, enabled: true }))
    if (url.pathname === '/v3/projects')
      return [
        200,
        {
          projects: all.filter(
            ({ name }) => url.searchParams.get('name') === null || name === url.searchParams.get('name'),
          ),
          links: {},
        },
      ]
    if (url.pathname === '/v3/auth/catalog') return [200, { catalog: this.#catalog('$(tenant_id)s') }]
    const project = all.find(({ id }) => url.pathname === `/v3/projects/${id}`)
    return project === undefined
      ? [404, { error: { code: 404, message: 'Could not find project.', title: 'Not Found' } }]
      : [200, { project }]
  }

  #catalog(project: string): unknown[] {
    const regions = [...new Set([...this.#projects.values()].map(({ region }) => region))]
    return (
      this.catalog ?? [
        {
          type: 'iam',
          name: 'iam',
          id: 'a',
          endpoints: [{ interface: 'public', region: '*', region_id: '*', url: `${this.url}/v3`, id: 'b' }],
        },
        {
          type: 'cts',
          name: 'cts',
          id: 'c',
          endpoints: regions.map((region) => ({
            interface: 'public',
            region,
            region_id: region,
            url: `${this.url}/v1.0/${project}`,
            id: region,
          })),
        },
      ]
    )
  }

  #traces(project: string, tracker: string, query: URLSearchParams, isV3: boolean): [number, unknown] {
    const limit = Number(query.get('limit') ?? 10)
    const [from, to] = [Number(query.get('from')), Number(query.get('to'))]
    if (!(limit >= 1 && limit <= 200) || !(from > 1e12) || !(to >= from))
      return [400, { error_code: 'CTS.0201', error_msg: 'The query parameters are incorrect.' }]
    const now = this.now()
    const there = this.#held
      .filter(
        (one) =>
          one.project === project &&
          one.tracker === tracker &&
          one.visible <= now &&
          one.time > Math.max(from, now - 7 * 86_400_000) &&
          one.time < to,
      )
      .sort((a, b) => b.time - a.time)
    const begin =
      query.has('next') && !this.stuck ? there.findIndex(({ marker }) => marker === query.get('next')) + 1 : 0
    const page = there.slice(begin, begin + limit)
    const more = begin + limit < there.length || this.markerAtEnd || this.stuck
    const traces = page.map(({ trace }) =>
      isV3 || typeof trace !== 'object' || trace === null ? trace : ofOldApi(trace as CtsTrace),
    )
    return [
      200,
      { traces, meta_data: { count: page.length, marker: more && page.length > 0 ? page.at(-1)?.marker : null } },
    ]
  }

  /** Why the request's signature is invalid. */
  #unsigned({ method = '', headers, url: written = '' }: IncomingMessage, url: URL, body: Buffer): string | undefined {
    const { authorization = '' } = headers
    const [, style, credential = '', names = '', signature] =
      /^SDK-HMAC-SHA256 (Access|Credential)=([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
        authorization,
      ) ?? []
    const date = headers['x-sdk-date']
    if (style === undefined || typeof date !== 'string') return 'decrypt token fail'
    if (this.securityToken !== undefined && headers['x-security-token'] !== this.securityToken)
      return 'security token is wrong'
    const at = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
    if (!(Math.abs(at - this.now()) <= 15 * 60_000)) return 'signature expired'
    const [access = '', ...scope] = credential.split('/')
    const secret = this.keys.get(access)
    if (secret === undefined || !names.split(';').includes('x-sdk-date'))
      return 'AK access failed to reach the limit, forbidden'
    const rawQuery = written.split('?')[1] ?? ''
    const hash = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex')
    const canonical = [
      method,
      `${url.pathname}/`,
      rawQuery.split('&').sort().join('&'),
      ...names.split(';').map((name) => `${name}:${String(headers[name] ?? '')}`),
      '',
      names,
      hash(body),
    ].join('\n')
    const mac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()
    const expected =
      style === 'Access'
        ? mac(secret, `SDK-HMAC-SHA256\n${date}\n${hash(canonical)}`)
        : mac(
            scope.reduce<string | Buffer>((key, part) => mac(key, part), `SDK${secret}`),
            `SDK-HMAC-SHA256\n${date}\n${scope.join('/')}\n${hash(canonical)}`,
          )
    return expected.toString('hex') === signature ? undefined : 'verify aksk signature fail'
  }
}

/** The old API names the rating differently and writes the user as text. */
function ofOldApi({ trace_rating: status, user, ...rest }: CtsTrace): CtsTrace {
  return {
    ...rest,
    ...(status === undefined ? {} : { trace_status: status }),
    ...(user === undefined ? {} : { user: typeof user === 'object' && user !== null ? JSON.stringify(user) : user }),
  }
}
