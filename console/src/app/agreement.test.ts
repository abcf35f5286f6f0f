// The same random questions to HTTP, MCP and SQL, by the request of the page that MCP links to, and by the command.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { expect, onTestFinished, test } from 'vitest'
import { incident } from '../../../src/api/testing/incidents.ts'
import { startStored } from '../../../src/api/testing/stored.ts'
import { weir } from '../../../src/cli/testing/command.ts'
import { toEventBatch } from '../../../src/model/events.ts'
import { SeededRandom } from '../../../test/kit/random.ts'
import { drawnSize } from '../../../test/kit/seeds.ts'
import type { Query } from '../api/client.ts'
import { changeQuery } from '../pages/changes/queries.ts'
import { changesCodec } from '../pages/changes/state.ts'
import { questionQuery } from '../pages/flows/flow-filter.ts'
import { flowsCodec } from '../pages/flows/state.ts'
import { readSearch } from '../state/codec.ts'

type Parameters = Readonly<Record<string, string>>
type Row = Readonly<Record<string, unknown>>
type Question = Readonly<{
  tool: 'changes' | 'audit' | 'flows' | 'why'
  parameters: Parameters
  /** A statement with a column `key` for each row, of all namespaces or one, and the same of a response. */
  sql?: (namespace: string | undefined) => string
  keysOf?: (body: Row) => readonly string[]
}>

const auth = {
  tokens: [
    { name: 'root', token: 'admin' },
    { name: 'shop', token: 'shop', role: 'viewer', namespaces: ['shop'] },
    { name: 'none', token: 'none', role: 'viewer', namespaces: [] },
  ],
} as const
const now = Date.UTC(2026, 10, 20, 12)

/** Equal conditions in the language of filters and in SQL. */
const conditions: Readonly<Record<'changes' | 'audit' | 'flows', readonly (readonly [string, string])[]>> = {
  changes: [
    ['', 'true'],
    ['kind = Deployment', "kind = 'Deployment'"],
    ['operation = updated and not kind = ConfigMap', "operation = 'updated' AND kind <> 'ConfigMap'"],
    ['namespace = shop', "namespace = 'shop'"],
    ['name = *-config', "name LIKE '%-config'"],
  ],
  audit: [
    ['', 'true'],
    ['action = patch', "action = 'patch'"],
    ['actor_name = "alice"', "actor_name = 'alice'"],
    ['outcome = success and not action = delete', "outcome = 'success' AND action <> 'delete'"],
  ],
  flows: [
    ['', 'true'],
    ['proto = tcp', 'proto = 6'],
    ['bytes > 500', 'bytes > 500'],
    ['dst.port < 1024', 'dst_port < 1024'],
    ['src.owner = web', "src_owner_name = 'web'"],
  ],
}

function randomQuestion(random: SeededRandom): Question {
  const minute = (least: number, most: number) => new Date(now - 60_000 * random.integer(least, most)).toISOString()
  const [from, to] = [minute(9, 30), minute(0, 7)]
  const span = (column: string) => `${column} >= TIMESTAMP '${from}' AND ${column} < TIMESTAMP '${to}'`
  const tool = random.pick(['changes', 'audit', 'flows', 'why'] as const)
  const of = (filter: string, more: Parameters = {}) => ({ from, to, ...(filter === '' ? {} : { filter }), ...more })
  if (tool === 'why') {
    const [filter] = random.pick(conditions.flows)
    const at = random.chance(0.3) ? { at: minute(1, 12) } : {}
    return { tool, parameters: of(filter, { by: random.pick(['bytes', 'packets', 'flows']), ...at }) }
  }
  const [filter, where] = random.pick(conditions[tool])
  if (tool === 'flows') {
    const group = random.pick(['proto', 'dst_port', 'protocol'])
    return {
      tool,
      parameters: of(filter, { group, limit: '1000', source: 'raw', time: 'time_received' }),
      sql: (namespace) =>
        `SELECT concat_ws(' ', ${group}::VARCHAR, sum(bytes_est)::VARCHAR, count(*)::VARCHAR) AS key FROM flows ` +
        `WHERE ${span('time_received')} AND ${where}${namespace === undefined ? '' : ` AND ${insideSql(namespace)}`} ` +
        `GROUP BY ${group}`,
      keysOf: (body) => {
        const columns = (body['columns'] as readonly Row[]).map(({ name }) => name)
        const places = [group, 'bytes', 'flows'].map((name) => columns.indexOf(name))
        return (body['rows'] as readonly (readonly unknown[])[]).map((row) => places.map((at) => row[at]).join(' '))
      },
    }
  }
  const scope = tool === 'changes' ? (of: string) => `namespace = '${of}'` : (of: string) => `resource LIKE '%/${of}/%'`
  // Positions differ by user.
  const keys =
    tool === 'changes' ? ['kind', 'namespace', 'name', 'operation'] : ['action', 'resource', 'actor_name', 'outcome']
  const shown = tool === 'changes' ? ' AND NOT initial AND length(noise) = 0' : ''
  return {
    tool,
    parameters: of(filter, { limit: '1000' }),
    sql: (namespace) =>
      `SELECT concat_ws(' ', ${keys.map((name) => `coalesce(${name}, '-')`).join(', ')}) AS key FROM ${tool} WHERE ` +
      `${span('time')} AND ${where}${shown}${namespace === undefined ? '' : ` AND ${scope(namespace)}`}`,
    keysOf: (body) =>
      (body[tool === 'changes' ? 'changes' : 'traces'] as readonly Row[]).map((row) =>
        keys.map((name) => row[name] ?? '-').join(' '),
      ),
  }
}

/** At least one end in the namespace, and none in another. */
const insideSql = (namespace: string) => {
  const ends = ['src_namespace', 'dst_namespace']
  const outside = ends.map((end) => `coalesce(nullif(${end}, ''), '${namespace}') = '${namespace}'`)
  return [`'${namespace}' IN (${ends.join(', ')})`, ...outside].join(' AND ')
}

/** Parameters of the request of the page at an address; undefined: this page has another one. */
function pageQuery(tool: Question['tool'], permalink: string): Query | undefined {
  const search = readSearch(new URL(permalink).search)
  if (tool === 'changes') {
    const { state, unread } = changesCodec.decode(search)
    expect(unread).toEqual([])
    return { ...changeQuery(state), from: state.t.from, to: state.t.to }
  }
  if (tool !== 'why') return undefined
  const { state, unread } = flowsCodec.decode(search)
  expect([unread, state.why]).toEqual([[], true])
  return { ...questionQuery({ ...state, filter: state.q }), from: state.t.from, to: state.t.to }
}

const textsOf = (query: Query): Parameters =>
  Object.fromEntries(
    Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  )

async function started() {
  const api = await startStored({ auth })
  for (const seed of [1, 2, 3]) {
    const { events, flows } = incident(seed, now)
    if (seed === 1) await api.addBatch(flows, now)
    await api.addBatch(toEventBatch(events), now)
  }
  const client = async (token: string) => {
    const of = new Client({ name: 'test', version: '1' })
    const requestInit = { headers: { authorization: `Bearer ${token}` } }
    await of.connect(new StreamableHTTPClientTransport(new URL(`${api.url}/mcp`), { requestInit }))
    onTestFinished(() => of.close())
    return async (name: string, given: Parameters) => {
      const { content } = (await of.callTool({ name, arguments: given })) as unknown as { content: [{ text: string }] }
      return JSON.parse(content[0].text) as Readonly<{ result: Row; permalink: string }>
    }
  }
  const sql = async (text: string, token = 'admin') => {
    const response = await fetch(`${api.url}/api/v1/sql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ sql: text, format: 'json' }),
    })
    return { status: response.status, body: (await response.json()) as unknown }
  }
  const get = async (path: string, parameters: Parameters, token: string) => {
    const { status, body } = await api.get(path, parameters, { authorization: `Bearer ${token}` })
    expect(status, JSON.stringify([path, parameters, body])).toBe(200)
    return body
  }
  return { api, client, sql, get }
}

test('HTTP, MCP, SQL, the linked page and the command give the same answer, also to limited viewers', async () => {
  const { api, client, sql, get } = await started()
  const random = new SeededRandom(60)
  const clients = new Map<string, Awaited<ReturnType<typeof client>>>()
  for (const { token } of auth.tokens) clients.set(token, await client(token))
  const counts = { rows: 0, pages: 0, commands: 0 }
  for (let index = 0; index < drawnSize(30, 100); index++) {
    const question = randomQuestion(random)
    const { tool, parameters } = question
    for (const { token } of auth.tokens) {
      const body = await get(tool, parameters, token)
      const { result, permalink } = await clients.get(token)!(tool, parameters)
      expect(result, JSON.stringify([token, question])).toEqual(body)
      if (token !== 'admin') expect((await sql('SELECT 1', token)).status).toBe(403)
      if (question.sql !== undefined && question.keysOf !== undefined) {
        const namespace = { admin: undefined, shop: 'shop', none: '-' }[token]
        const { status, body: rows } = await sql(question.sql(namespace))
        expect(status, JSON.stringify([rows, question])).toBe(200)
        const keys = (rows as readonly Row[]).map(({ key }) => String(key))
        expect([...question.keysOf(body)].toSorted(), JSON.stringify([token, question])).toEqual(keys.toSorted())
        counts.rows += keys.length
      }
      const page = pageQuery(tool, permalink)
      if (page !== undefined) {
        const { at, by, limit } = parameters
        const same = Object.fromEntries(Object.entries({ at, by, limit }).filter(([, value]) => value !== undefined))
        expect(await get(tool, { ...textsOf(page), ...same } as Parameters, token), permalink).toEqual(body)
        counts.pages++
      }
      // A process each.
      if ((tool !== 'changes' && tool !== 'why') || index % 10 !== 0) continue
      const flags = Object.entries(parameters).flatMap(([name, value]) => [`--${name}`, value])
      const { out, err } = await weir([tool, '--url', api.url, ...flags, '-o', 'json'], { env: { WEIR_TOKEN: token } })
      expect(JSON.parse(out === '' ? err : out), flags.join(' ')).toEqual(body)
      counts.commands++
    }
  }
  expect(counts.rows).toBeGreaterThan(100)
  expect(Math.min(counts.pages, counts.commands)).toBeGreaterThan(2)
})
