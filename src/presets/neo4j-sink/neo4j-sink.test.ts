import { expect, test } from 'vitest'
import { neo4jSinkPreset, PresetProblem } from './index.ts'

const plan = (env: Record<string, string> = {}): ReturnType<typeof neo4jSinkPreset> =>
  neo4jSinkPreset({ env, data: 'data' })

test('the environment of neo4j_sink is a complete configuration, and the password stays in its variable', () => {
  const { config, notes } = plan({
    NEO4J_URI: 'neo4j+s://graph.example.com',
    NEO4J_USER: 'weir',
    NEO4J_PASSWORD: 'hidden',
    PORT: '9000',
  })
  expect([config, notes]).toEqual([
    {
      data: './data',
      listen: '127.0.0.1:8082',
      ops: '0.0.0.0:8081',
      log: { format: 'json' },
      store: { enabled: 'none' },
      http: { listen: '0.0.0.0:9000', auth: 'none', ack: 'sink:graph', ack_timeout: '10s' },
      journal: { max: '1GiB' },
      sources: { netflow: { listen: 'off', tcp: 'off' }, sflow: { listen: 'off' } },
      sinks: {
        graph: {
          type: 'neo4j',
          url: 'neo4j+s://graph.example.com',
          auth: { type: 'basic', user: 'weir', password: 'env:NEO4J_PASSWORD' },
          from: ['http'],
          when_behind: 'block',
          delivery: { retry_max: '5s' },
        },
      },
    },
    [],
  ])
  expect(JSON.stringify(config)).not.toContain('hidden')
})

test('without variables, or with empty ones, the defaults of neo4j_sink apply', () => {
  const { config, notes } = plan({ PORT: '', NEO4J_URI: ' ', NEO4J_PASSWORD: '' })
  expect(config).toMatchObject({
    http: { listen: '0.0.0.0:8080' },
    sinks: { graph: { url: 'neo4j://localhost:7687' } },
  })
  expect(config['sinks']).not.toHaveProperty('graph.auth')
  expect(notes).toEqual([expect.stringContaining('NEO4J_PASSWORD is not set')])
  expect(plan({ NEO4J_PASSWORD: 'x' }).config).toMatchObject({ sinks: { graph: { auth: { user: 'neo4j' } } } })
})

test.each([
  [{ NEO4J_URI: 'http://graph:7687' }, 'NEO4J_URI is no URL of a Neo4j'],
  [{ NEO4J_URI: 'graph' }, 'NEO4J_URI is no URL of a Neo4j'],
  [{ NEO4J_URI: 'bolt://' }, 'NEO4J_URI is no URL of a Neo4j'],
  [{ NEO4J_URI: 'bolt://me:hidden@graph:7687' }, 'NEO4J_URI contains a password'],
  [{ PORT: '0' }, 'PORT is `0`; it must be 1 to 65535'],
  [{ PORT: 'http' }, 'PORT is `http`'],
  [{ PORT: '65536' }, 'PORT is `65536`'],
])('%j is a problem', (env, words) => {
  let message = ''
  try {
    plan(env)
  } catch (error) {
    message = error instanceof PresetProblem ? error.message : ''
  }
  expect(message).toContain(words)
  expect(message).not.toContain('hidden')
})
