// A stand-in for the services of Open Telekom Cloud that inventories read: lists with their forms of pages, behind the
// IAM, signatures and faults of CtsServer.
import { CtsServer, type CtsProject } from './cts.ts'

type Item = Readonly<Record<string, unknown>>

/** How a list has pages, and the greatest page. */
type Form = Readonly<{ envelope: string; pages: 'page' | 'offset' | 'marker' | 'elb' | 'dns' | 'none' }>

const forms: readonly (readonly [RegExp, Form])[] = [
  [/^\/v1\/(\w{32})\/cloudservers\/detail$/, { envelope: 'servers', pages: 'page' }],
  [/^\/v2\/(\w{32})\/cloudvolumes\/detail$/, { envelope: 'volumes', pages: 'offset' }],
  ...['vpcs', 'subnets', 'publicips', 'ports', 'security-groups'].map(
    (name) => [new RegExp(`^/v1/(\\w{32})/${name}$`), { envelope: name.replace('-', '_'), pages: 'marker' }] as const,
  ),
  ...['loadbalancers', 'listeners', 'pools'].map(
    (name) => [new RegExp(`^/v3/(\\w{32})/elb/${name}$`), { envelope: name, pages: 'elb' }] as const,
  ),
  [/^\/v3\/(\w{32})\/elb\/pools\/[^/]+\/members$/, { envelope: 'members', pages: 'elb' }],
  [/^\/api\/v3\/projects\/(\w{32})\/clusters(?:\/[^/]+\/(?:nodes|nodepools))?$/, { envelope: 'items', pages: 'none' }],
  [/^\/v2\/zones(?:\/[^/]+\/recordsets)?$/, { envelope: 'zones', pages: 'dns' }],
]

export class OtcServer extends CtsServer {
  /** Items by project id and path, which has the placeholder `{project}`: `/v1/{project}/vpcs`. */
  readonly #items = new Map<string, readonly Item[]>()
  /** Greatest page of every service. */
  mostItems = 500
  /** The price list, as the answer has it. */
  prices: unknown

  items(project: CtsProject, path: string, items: readonly Item[]): void {
    this.#items.set(`${project.id} ${path}`, items)
  }

  override async start(): Promise<this> {
    await super.start()
    const endpoint = (type: string, path: string): object => ({
      type,
      endpoints: ['eu-de', 'eu-nl'].map((region) => ({
        interface: 'public',
        region,
        region_id: region,
        url: `${this.url}${path}`,
      })),
    })
    this.catalog = [
      endpoint('ecs', '/v1/$(tenant_id)s'),
      endpoint('volumev2', '/v2/$(tenant_id)s'),
      endpoint('vpc', '/v1/$(tenant_id)s'),
      endpoint('elb', '/v3/$(tenant_id)s'),
      endpoint('cce', '/api/v3/projects/$(tenant_id)s'),
      endpoint('dns', '/v2'),
    ]
    return this
  }

  protected override service(url: URL, project: string): [number, unknown] | undefined {
    const path = url.pathname
    const [pattern, form] = forms.find(([one]) => one.test(path)) ?? []
    if (pattern === undefined || form === undefined) return undefined
    const inPath = pattern.exec(path)?.[1] ?? project
    if (inPath !== project) return [403, { error_code: 'APIGW.0302', error_msg: 'The project does not match.' }]
    const key = `${project} ${path.replace(inPath, '{project}')}`
    const all = (this.#items.get(key) ?? []).filter(
      (one) => !url.searchParams.has('type') || one['zone_type'] === url.searchParams.get('type'),
    )
    const envelope = path.endsWith('/recordsets') ? 'recordsets' : form.envelope
    return [200, this.#page(all, url.searchParams, { ...form, envelope })]
  }

  #page(all: readonly Item[], query: URLSearchParams, { envelope, pages }: Form): unknown {
    const size = Math.min(this.mostItems, Number(query.get('limit') ?? 10))
    if (pages === 'none') return { kind: 'List', items: all }
    const from =
      pages === 'page'
        ? (Math.max(1, Number(query.get('offset') ?? 1)) - 1) * size
        : pages === 'offset'
          ? Number(query.get('offset') ?? 0)
          : query.has('marker')
            ? all.findIndex(({ id }) => id === query.get('marker')) + 1
            : 0
    const page = all.slice(from, from + size)
    const isLast = from + size >= all.length
    const next = isLast ? {} : { next_marker: page.at(-1)?.['id'] }
    return {
      [envelope]: page,
      ...(pages === 'page' ? { count: all.length } : {}),
      ...(pages === 'elb' ? { page_info: { current_count: page.length, ...next } } : {}),
      ...(pages === 'dns'
        ? { links: isLast ? {} : { next: `${this.url}/v2/next` }, metadata: { total_count: all.length } }
        : {}),
    }
  }
}
