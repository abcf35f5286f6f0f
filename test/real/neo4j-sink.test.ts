// `weir neo4j-sink` with a real Neo4j: posts of Knative and of the original exporter, and their responses.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { mapTrace } from '../../src/connectors/otc-cts/map.ts'
import { freePorts } from '../kit/free-port.ts'
import { installNeo4j } from './install/neo4j.ts'
import { startNeo4j, type Neo4jServer } from './kit/neo4j.ts'

let server: Neo4jServer
let dir = ''

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-neo4j-sink-'))
  if ((await installNeo4j()).path !== undefined) server = await startNeo4j()
}, 180_000)

afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await rm(dir, { recursive: true, force: true })
})

type Trace = Record<string, unknown>
type Headers = Record<string, string>

const sample = (
  JSON.parse(readFileSync(new URL('../../src/connectors/otc-cts/fixtures/traces.json', import.meta.url), 'utf8')) as {
    traces: Trace[]
  }
).traces

/** As cts_exporter sends it: its six extensions, and the fields of a trace that it knows. */
function original(
  trace: Trace,
  source = 'https://cts.eu-de.otc.t-systems.com/v2.0/p1/',
): { readonly attributes: Headers; readonly data: unknown } {
  const mapped = mapTrace(trace, { cloud: 'otc', source, tenant: 'p1', domain: 'd1', region: 'eu-de' })
  if (mapped === undefined) throw new Error('no trace')
  const { id, type, subject = '', time = 0, extensions = {}, data } = mapped.event
  const { audit: _, ...body } = JSON.parse(new TextDecoder().decode(data)) as Trace
  const own = Object.fromEntries(
    ['status', 'code', 'resourceid', 'region', 'domain', 'tenant'].flatMap((name) =>
      extensions[name] === undefined ? [] : [[name, String(extensions[name])]],
    ),
  )
  return {
    attributes: { specversion: '1.0', id, source, type, subject, time: new Date(time).toISOString(), ...own },
    data: body,
  }
}

const whole = (event: ReturnType<typeof original>): string =>
  JSON.stringify({ ...event.attributes, datacontenttype: 'application/json', data: event.data })

interface Started {
  readonly url: string
  output(): string
  stop(signal: NodeJS.Signals): Promise<number | null>
}

async function startSink(data: string): Promise<Started> {
  const [port = 0, api = 0, ops = 0] = await freePorts(3)
  const child = spawn(
    process.execPath,
    ['src/main.ts', 'neo4j-sink', '--data', data, '--listen', `127.0.0.1:${api}`, '--ops', `127.0.0.1:${ops}`],
    {
      cwd: new URL('../../', import.meta.url),
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        NEO4J_URI: `neo4j://${server.address}`,
        NEO4J_USER: server.user,
        NEO4J_PASSWORD: server.password,
        PORT: String(port),
        WEIR_HTTP_ACK_TIMEOUT: '3s',
      },
    },
  )
  const ended = once(child, 'close')
  const stop = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal)
    return ((await ended) as [number | null])[0]
  }
  onTestFinished(async () => void (await stop('SIGKILL')))
  let output = ''
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (output += piece))
  await expect
    .poll(() => (child.exitCode === null ? output : `ended: ${output}`), { timeout: 60_000 })
    .toMatch(/^(?!ended)[^]*weir is ready/)
  return { url: `http://127.0.0.1:${port}`, output: () => output, stop }
}

async function post(
  url: string,
  type: string,
  body: string,
  headers: Headers = {},
): Promise<{ readonly status: number; readonly text: string }> {
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': type, ...headers }, body })
  return { status: answer.status, text: await answer.text() }
}

const structured = 'application/cloudevents+json'
const batched = 'application/cloudevents-batch+json'
const count = async (): Promise<unknown> =>
  Object.fromEntries(
    (
      await server.ask<{ label: string; n: number }>(
        'MATCH (n) RETURN labels(n)[0] AS label, count(*) AS n ORDER BY label',
      )
    ).map(({ label, n }) => [label, n]),
  )

test('events of the original exporter are in the graph; an invalid one blocks no other', async (context) => {
  const found = await installNeo4j()
  if (found.path === undefined) return context.skip(found.reason)
  const sink = await startSink(join(dir, 'one'))
  const events = sample.map((trace) => original(trace))
  const [first] = events as [ReturnType<typeof original>]
  const attributes = Object.fromEntries(
    Object.entries(first.attributes).map(([name, value]) => [`ce-${name}`, encodeURIComponent(value)]),
  )
  // A new database first creates its constraints: until then events are to be retried.
  await expect
    .poll(() => post(`${sink.url}/any/path`, 'application/json', JSON.stringify(first.data), attributes), {
      timeout: 60_000,
    })
    .toEqual({ status: 200, text: '' })
  expect(await count()).toEqual({ ACTION: 1, REGION: 1, RESOURCE: 1, STATUS: 1, SUBJECT: 1, TENANT: 1 })
  for (const event of events) expect(await post(sink.url, structured, whole(event))).toEqual({ status: 200, text: '' })
  const all = { ACTION: 4, REGION: 1, RESOURCE: 4, STATUS: 3, SUBJECT: 5, TENANT: 1 }
  expect(await count()).toEqual(all)
  expect(
    await server.ask(
      'MATCH (a:ACTION)-[:PERFORMED_BY]->(s) OPTIONAL MATCH (s)-[:ASSUMED_BY]->(b) RETURN s.name AS name, ' +
        'b.name AS behind ORDER BY name',
    ),
  ).toEqual([
    { name: 'jdoe', behind: null },
    { name: 'jdoe', behind: null },
    { name: 'ops-bot', behind: 'anna' },
    { name: null, behind: null },
  ])
  const other = sample.map((trace) => whole(original(trace, 'https://cts.eu-de.otc.t-systems.com/v3/p1/')))
  expect([await post(sink.url, batched, `[${other.join(',')}]`), await count()]).toEqual([
    { status: 200, text: '' },
    all,
  ])

  const many = Array.from({ length: 499 }, (_, n) => whole(original({ ...sample[0], trace_id: `t${n}` })))
  const poison = '{"specversion":"1.0","id":"poison","source":"/x","type":"hello"}'
  const mixed = await post(sink.url, batched, `[${[...many.slice(0, 250), poison, ...many.slice(250)].join(',')}]`)
  expect([
    mixed.status,
    mixed.text.includes('rejected 1 of the events'),
    mixed.text.includes('has no action'),
    await count(),
  ]).toEqual([422, true, true, { ...all, ACTION: 503 }])
  expect([
    (await fetch(sink.url)).status,
    (await post(sink.url, 'application/json', '{}')).status,
    (await post(sink.url, structured, '{"specversion":"1.0","id":"1"}')).status,
  ]).toEqual([405, 415, 400])

  await server.kill()
  const late = whole(original({ ...sample[0], trace_id: 'late' }))
  const away = await post(sink.url, structured, late)
  expect([away.status, away.text.includes('WEIR_API_PENDING')]).toEqual([503, true])
  // As a pod that has no volume: with it goes whatever was not answered.
  await sink.stop('SIGKILL')
  await server.restart()
  const next = await startSink(join(dir, 'two'))
  const another = await startSink(join(dir, 'three'))
  expect(await server.ask('MATCH (a:ACTION {id: "late"}) RETURN a.id')).toEqual([])
  await Promise.all(
    [next, another].flatMap(({ url }) =>
      [late, ...other].map(async (event) => {
        await expect.poll(() => post(url, structured, event), { timeout: 60_000 }).toEqual({ status: 200, text: '' })
      }),
    ),
  )
  expect(await count()).toEqual({ ...all, ACTION: 504 })
  expect([await next.stop('SIGTERM'), sink.output().includes(server.password)]).toEqual([0, false])
}, 300_000)

test('an event that a restored graph no longer has is in it again when it is answered', async (context) => {
  const found = await installNeo4j()
  if (found.path === undefined) return context.skip(found.reason)
  await server.ask('MATCH (n) DETACH DELETE n')
  const sink = await startSink(join(dir, 'restored'))
  const events = sample.map((trace) => whole(original(trace)))
  for (const event of events)
    await expect.poll(() => post(sink.url, structured, event), { timeout: 60_000 }).toEqual({ status: 200, text: '' })
  const all = await count()
  // As a backup from before the events.
  await server.ask('MATCH (n) DETACH DELETE n')
  for (const event of events) expect(await post(sink.url, structured, event)).toEqual({ status: 200, text: '' })
  expect(await count()).toEqual(all)
  expect(await sink.stop('SIGTERM')).toBe(0)
}, 180_000)

/** As neo4j_sink writes an event: five single nodes, then the action with its resource, then the relationships. */
const originalWrite = `MERGE (s:SUBJECT {id: $subject}) MERGE (r:RESOURCE {id: $resourceid})
  MERGE (t:TENANT {tenantId: $tenant, domainId: $domain}) MERGE (g:REGION {name: $region})
  MERGE (o:STATUS {id: $status})
MERGE (a:ACTION {id: $id, timestamp: datetime($time), source: $source, type: $type})-[:APPLIED_ON]->(r)
MERGE (a)-[:PERFORMED_BY]->(s) MERGE (a)-[:WITH_STATUS]->(o) MERGE (r)-[:MEMBER_OF]->(t) MERGE (t)-[:LOCATED_AT]->(g)`

test("the migration turns the graph of neo4j_sink into Weir's, without duplicate nodes", async (context) => {
  const found = await installNeo4j()
  if (found.path === undefined) return context.skip(found.reason)
  await server.ask('MATCH (n) DETACH DELETE n')
  // neo4j_sink makes no constraints, and two of its pods at once make a node twice.
  for (const { name } of await server.ask<{ name: string }>('SHOW CONSTRAINTS YIELD name'))
    await server.ask(`DROP CONSTRAINT ${name}`)
  const events = sample.map((trace) => original(trace))
  for (const { attributes } of events) await server.ask(originalWrite, { resourceid: '', ...attributes })
  const [, start] = events as [unknown, ReturnType<typeof original>]
  await server.ask(
    'CREATE (:STATUS {id: "normal"}), (:REGION {name: "eu-de"}), (:TENANT {tenantId: "p1", domainId: "d1"})',
  )
  await server.ask(originalWrite, { ...start.attributes, resourceid: 'another' })
  expect(await server.ask('MATCH (a:ACTION {id: $id}) RETURN count(a) AS n', { id: start.attributes['id'] })).toEqual([
    { n: 2 },
  ])
  const subjects = await server.ask<{ subject: string; id: string }>(
    'MATCH (a:ACTION)-[:PERFORMED_BY]->(s:SUBJECT) RETURN DISTINCT s.id AS subject, a.id AS id ORDER BY id',
  )

  const script = readFileSync(new URL('../../deploy/neo4j/from-neo4j-sink.cypher', import.meta.url), 'utf8').replace(
    /^\/\/.*$/gm,
    '',
  )
  const migrate = async (): Promise<void> => {
    for (const statement of script
      .split(';')
      .map((text) => text.trim())
      .filter((text) => text !== ''))
      await server.ask(statement)
  }
  await migrate()
  const once = await server.ask(
    'MATCH (n) OPTIONAL MATCH (n)-[x]->(m) RETURN labels(n) AS labels, properties(n) AS has, type(x) AS by, ' +
      'properties(m) AS to ORDER BY labels(n)[0], coalesce(n.id, n.key, n.name, n.tenantId), type(x), ' +
      'coalesce(m.key, m.id, m.name)',
  )
  await migrate()
  expect(
    await server.ask(
      'MATCH (n) OPTIONAL MATCH (n)-[x]->(m) RETURN labels(n) AS labels, properties(n) AS has, type(x) AS ' +
        'by, properties(m) AS to ORDER BY labels(n)[0], coalesce(n.id, n.key, n.name, n.tenantId), type(x), ' +
        'coalesce(m.key, m.id, m.name)',
    ),
  ).toEqual(once)
  // The requested `SUBJECT.id`.
  expect(await server.ask('MATCH (a:ACTION) RETURN a.originalSubject AS subject, a.id AS id ORDER BY id')).toEqual(
    subjects,
  )
  const before = (await count()) as Record<string, number>
  expect(before).toEqual({ ACTION: 4, STATUS: 3, REGION: 1, RESOURCE: 5, TENANT: 1 })

  const sink = await startSink(join(dir, 'migrated'))
  for (const event of events)
    await expect
      .poll(() => post(sink.url, structured, whole(event)), { timeout: 60_000 })
      .toEqual({ status: 200, text: '' })
  // The test made the resource "another"; its actor is known now.
  expect(await count()).toEqual({ ...before, SUBJECT: 5 })
  expect(
    await server.ask('MATCH (a:ACTION)-[:PERFORMED_BY]->(s) RETURN a.id AS id, count(s) AS n ORDER BY id'),
  ).toEqual(
    events
      .map(({ attributes }) => ({ id: attributes['id'], n: 1 }))
      .sort((a, b) => (String(a.id) < String(b.id) ? -1 : 1)),
  )
  expect(await sink.stop('SIGTERM')).toBe(0)
}, 180_000)
