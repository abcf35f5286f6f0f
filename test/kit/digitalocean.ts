// A stand-in for the API of DigitalOcean: pages with absolute links, token, rate limits, and errors of its form.
import { createServer, type Server } from 'node:http'
import { endAtOnce, listenHere } from './loopback.ts'

type Answer = Readonly<{ status: number; headers?: Readonly<Record<string, string>>; body: unknown }>

const lists: Readonly<Record<string, string>> = {
  '/v2/droplets': 'droplets',
  '/v2/kubernetes/clusters': 'kubernetes_clusters',
  '/v2/volumes': 'volumes',
  '/v2/load_balancers': 'load_balancers',
  '/v2/databases': 'databases',
  '/v2/snapshots': 'snapshots',
  '/v2/reserved_ips': 'reserved_ips',
  '/v2/vpcs': 'vpcs',
  '/v2/domains': 'domains',
}

export class DigitaloceanServer {
  readonly token = 'dop_v1_example'
  readonly team = '4a1f2d3e-0000-4111-8222-333344445555'
  readonly received: string[] = []
  /** Items by path, and the balance. */
  readonly items = new Map<string, readonly object[]>()
  balance: object = { account_balance: '-12.34', month_to_date_usage: '5.10', generated_at: '2026-11-21T11:00:00Z' }
  /** Host of the links to further pages; undefined: its own. */
  linkHost: string | undefined
  /** Answers by a part of the URL, until they are removed. */
  readonly faults = new Map<string, Answer>()
  readonly #server: Server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', this.url)
    this.received.push(`${url.pathname}${url.search}`)
    const fault = [...this.faults].find(([part]) => url.href.includes(part))?.[1]
    const { status, headers, body } =
      fault ??
      (request.headers.authorization === `Bearer ${this.token}`
        ? this.#answer(url)
        : { status: 401, body: { id: 'Unauthorized', message: 'Unable to authenticate you' } })
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  })
  url = ''

  async start(): Promise<this> {
    this.url = await listenHere(this.#server)
    return this
  }

  stop(): Promise<void> {
    return endAtOnce(this.#server)
  }

  #answer(url: URL): Answer {
    const path = url.pathname
    if (path === '/v2/account')
      return {
        status: 200,
        body: { account: { uuid: 'u', email: 'a@example.com', team: { uuid: this.team, name: 'Shop' } } },
      }
    if (path === '/v2/customers/my/balance') return { status: 200, body: this.balance }
    const envelope = path.endsWith('/records') ? 'domain_records' : lists[path]
    if (envelope === undefined) return { status: 404, body: { id: 'not_found', message: 'Not found' } }
    const all = this.items.get(path) ?? []
    const [page, size] = [Number(url.searchParams.get('page') ?? 1), Number(url.searchParams.get('per_page') ?? 20)]
    if (size > 200) return { status: 400, body: { id: 'bad_request', message: 'per_page is at most 200' } }
    const isLast = page * size >= all.length
    const next = new URL(`${path}?page=${page + 1}&per_page=${size}`, this.linkHost ?? this.url).href
    return {
      status: 200,
      body: {
        [envelope]: all.slice((page - 1) * size, page * size),
        links: isLast ? {} : { pages: { next } },
        meta: { total: all.length },
      },
    }
  }
}
