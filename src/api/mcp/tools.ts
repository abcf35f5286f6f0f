/** Operations of the API as tools of the Model Context Protocol. */
import type { DescribedRoute } from '../openapi/document.ts'

type Page = Readonly<{
  path: string
  /** Further parts of its address. */
  view?: Readonly<Record<string, string>>
  /** Parameters of the operation that the address has, by their name there. */
  from?: Readonly<Record<string, string>>
}>

const flows = (view: Page['view'] = {}): Page => ({
  path: '/flows',
  view: { live: '0', ...view },
  from: { q: 'filter' },
})

/** By id of the operation, with the page of the console that shows the same rows. */
const pages: Readonly<Record<string, Page>> = {
  home: { path: '/home' },
  flows: flows({ view: 'table' }),
  series: flows({ view: 'overview' }),
  topology: flows({ view: 'topology' }),
  conversations: flows({ view: 'conversations' }),
  why: flows({ view: 'overview', why: '1' }),
  changes: { path: '/changes', view: { live: '0' }, from: { q: 'filter' } },
  changeSums: { path: '/changes', view: { live: '0' }, from: { q: 'filter' } },
  audit: { path: '/audit', view: { live: '0' } },
  auditSums: { path: '/audit', view: { live: '0' } },
  graph: { path: '/audit' },
  graphPaths: { path: '/audit' },
  resources: { path: '/resources' },
  resource: { path: '/resource', from: { ref: 'ref' } },
  investigate: { path: '/investigate', view: { live: '0' }, from: { of: 'subject' } },
  compareMoments: { path: '/investigate', view: { live: '0' }, from: { of: 'subject' } },
  images: { path: '/insights' },
  problems: { path: '/insights' },
  flaws: { path: '/insights' },
  packages: { path: '/insights' },
  facts: { path: '/insights' },
  inventory: { path: '/inventory' },
  spend: { path: '/spend' },
  spendMovers: { path: '/spend' },
  alerts: { path: '/alerts' },
  incidents: { path: '/incidents' },
  fields: { path: '/docs' },
  events: { path: '/events', view: { live: '0', list: 'all' }, from: { q: 'filter' } },
  eventSums: { path: '/events', view: { live: '0', list: 'all' }, from: { q: 'filter' } },
  eventSeries: { path: '/events' },
  sql: { path: '/sql', from: { q: 'sql' } },
}

export const toolNames: readonly string[] = Object.keys(pages)

type Json = Readonly<Record<string, unknown>>

export type Tool = Readonly<{
  name: string
  method: 'GET' | 'POST'
  url: string
  summary: string
  description: string
  inputSchema: Json & { readonly type: 'object' }
}>

/** Tools made from the routes of the API, so that parameters are described once. */
export function toolsOf(routes: readonly DescribedRoute[]): readonly Tool[] {
  const tools = routes.flatMap(({ method, url, schema }) => {
    const name = String(schema['operationId'])
    if (!Object.hasOwn(pages, name) || (method !== 'GET' && name !== 'sql')) return []
    const { summary, description } = schema as Readonly<{ summary: string; description?: string }>
    const { type: _, ...input } = plain(schema[method === 'GET' ? 'querystring' : 'body'] ?? {})
    return [
      {
        name,
        method: method as Tool['method'],
        url,
        summary,
        description: description === undefined ? `${summary}.` : `${summary}. ${description}`,
        inputSchema: { type: 'object' as const, ...input },
      },
    ]
  })
  return tools.toSorted((a, b) => toolNames.indexOf(a.name) - toolNames.indexOf(b.name))
}

/** Without the symbols of the schema library, and without formats that are no JSON. */
function plain(schema: unknown): Json {
  const { properties = {}, ...rest } = JSON.parse(JSON.stringify(schema)) as Json & { readonly properties?: Json }
  const { format: _, ...others } = properties
  return { ...rest, properties: others }
}

/** The address of the console that shows the rows of a result, with fixed times. */
export function permalink(name: string, given: Json, result: unknown): string {
  const { path, view = {}, from = {} } = pages[name] ?? { path: '/home' }
  const parts = new URLSearchParams({ v: '1', ...view })
  for (const [part, parameter] of Object.entries(from)) {
    const value = given[parameter]
    if (typeof value === 'string' && value !== '') parts.set(part, value)
  }
  const span = spanOf(result)
  if (span !== undefined) parts.set('t', `${span.from}..${span.to}`)
  return `${path}?${parts.toString()}`
}

function spanOf(result: unknown): Readonly<{ from: string; to: string }> | undefined {
  const { span } = (result ?? {}) as { readonly span?: Readonly<{ from?: unknown; to?: unknown }> }
  return typeof span?.from === 'string' && typeof span.to === 'string' ? { from: span.from, to: span.to } : undefined
}

const coverageMembers = ['span', 'source', 'exact', 'error', 'since', 'stored_to', 'lost', 'stopped'] as const

/** The rows that a result covers, and those that it may lack. */
export function coverageOf(result: unknown): Json {
  if (typeof result !== 'object' || result === null || Array.isArray(result)) return {}
  const members = result as Json
  return Object.fromEntries(
    coverageMembers.flatMap((name) => (members[name] === undefined ? [] : [[name, members[name]] as const])),
  )
}
