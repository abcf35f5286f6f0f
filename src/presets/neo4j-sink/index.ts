import { PresetProblem } from '../given.ts'

export { PresetProblem } from '../given.ts'

export type Neo4jSinkInput = Readonly<{
  env: Readonly<Record<string, string | undefined>>
  data: string
}>

export type Neo4jSinkPlan = Readonly<{
  config: Readonly<Record<string, unknown>>
  notes: readonly string[]
}>

const usual = { port: '8080', uri: 'neo4j://localhost:7687', user: 'neo4j' } as const
const schemes = ['neo4j', 'neo4j+s', 'neo4j+ssc', 'bolt', 'bolt+s', 'bolt+ssc']

export function neo4jSinkPreset({ env, data }: Neo4jSinkInput): Neo4jSinkPlan {
  const variable = (name: string) => {
    const value = env[name]?.trim()
    return value === '' ? undefined : value
  }
  const url = uriOf(variable('NEO4J_URI') ?? usual.uri)
  const port = portOf(variable('PORT') ?? usual.port)
  const hasPassword = variable('NEO4J_PASSWORD') !== undefined
  return {
    config: {
      data: data.startsWith('/') || data.startsWith('.') ? data : `./${data}`,
      listen: '127.0.0.1:8082',
      ops: '0.0.0.0:8081',
      log: { format: 'json' },
      store: { enabled: 'none' },
      // A request succeeds when the graph has its event.
      http: { listen: `0.0.0.0:${port}`, auth: 'none', ack: 'sink:graph', ack_timeout: '10s' },
      journal: { max: '1GiB' },
      sources: { netflow: { listen: 'off', tcp: 'off' }, sflow: { listen: 'off' } },
      sinks: {
        graph: {
          type: 'neo4j',
          url,
          ...(hasPassword
            ? { auth: { type: 'basic', user: variable('NEO4J_USER') ?? usual.user, password: 'env:NEO4J_PASSWORD' } }
            : {}),
          from: ['http'],
          when_behind: 'block',
          delivery: { retry_max: '5s' },
        },
      },
    },
    notes: hasPassword ? [] : ['NEO4J_PASSWORD is not set: Weir connects to the database without credentials.'],
  }
}

function uriOf(text: string): string {
  const url = URL.parse(text)
  const scheme = url?.protocol.slice(0, -1) ?? ''
  if (url === null || url.hostname === '' || !schemes.includes(scheme))
    throw new PresetProblem(
      `NEO4J_URI is no URL of a Neo4j, such as ${usual.uri}; the schemes are ${schemes.join(', ')}`,
    )
  if (url.username !== '' || url.password !== '')
    throw new PresetProblem(
      'NEO4J_URI contains a password, which would be visible with the URL: set NEO4J_USER and NEO4J_PASSWORD',
    )
  return text
}

function portOf(text: string) {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port < 1 || port > 65_535) throw new PresetProblem(`PORT is \`${text}\`; it must be 1 to 65535`)
  return String(port)
}
