/** `weir neo4j-sink`: neo4j_sink's environment, and what Knative sets beside it, as a configuration of Weir. Pure. */
import { PresetProblem } from '../given.ts'

export { PresetProblem } from '../given.ts'

export interface Neo4jSinkInput {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Data folder. */
  readonly data: string
}

export interface Neo4jSinkPlan {
  /** What stands in the configuration file. It holds no secret, only a reference to the variable. */
  readonly config: Readonly<Record<string, unknown>>
  /** What is otherwise than with neo4j_sink, to be said at the start. */
  readonly notes: readonly string[]
}

const usual = { port: '8080', uri: 'neo4j://localhost:7687', user: 'neo4j' } as const
const schemes = ['neo4j', 'neo4j+s', 'neo4j+ssc', 'bolt', 'bolt+s', 'bolt+ssc']

/** A variable that is empty counts as unset. Throws PresetProblem, in words for the user. */
export function neo4jSinkPreset({ env, data }: Neo4jSinkInput): Neo4jSinkPlan {
  const said = (name: string): string | undefined => {
    const value = env[name]?.trim()
    return value === '' ? undefined : value
  }
  const url = uriOf(said('NEO4J_URI') ?? usual.uri)
  const port = portOf(said('PORT') ?? usual.port)
  const hasPassword = said('NEO4J_PASSWORD') !== undefined
  return {
    config: {
      data: data.startsWith('/') || data.startsWith('.') ? data : `./${data}`,
      // Its own port takes events; this is for who looks.
      listen: '127.0.0.1:8082',
      ops: '0.0.0.0:8081',
      log: { format: 'json' },
      store: { enabled: 'none' },
      // Who sends is answered when the graph has it: so nothing is lost with a folder that ends with its pod.
      http: { listen: `0.0.0.0:${port}`, auth: 'none', ack: 'sink:graph', ack_timeout: '10s' },
      journal: { max: '1GiB' },
      sources: { netflow: { listen: 'off', tcp: 'off' }, sflow: { listen: 'off' } },
      sinks: {
        graph: {
          type: 'neo4j',
          url,
          ...(hasPassword
            ? { auth: { type: 'basic', user: said('NEO4J_USER') ?? usual.user, password: 'env:NEO4J_PASSWORD' } }
            : {}),
          from: ['http'],
          when_behind: 'block',
          delivery: { retry_max: '5s' },
        },
      },
    },
    notes: hasPassword ? [] : ['NEO4J_PASSWORD is not set: the database is asked without a login.'],
  }
}

function uriOf(text: string): string {
  const url = URL.parse(text)
  const scheme = url?.protocol.slice(0, -1) ?? ''
  if (url === null || url.hostname === '' || !schemes.includes(scheme))
    throw new PresetProblem(
      `NEO4J_URI is no URL of a Neo4j, such as ${usual.uri}; its scheme may be ${schemes.join(', ')}`,
    )
  if (url.username !== '' || url.password !== '')
    throw new PresetProblem(
      'NEO4J_URI holds a login, which would be seen by all who see the URL: set NEO4J_USER and NEO4J_PASSWORD',
    )
  return text
}

function portOf(text: string): string {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port < 1 || port > 65_535) throw new PresetProblem(`PORT is \`${text}\`; it may be 1 to 65535`)
  return String(port)
}
