// `weir neo4j-sink` with a real Neo4j: what Knative posts, what the original exporter sends, and what is answered.
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

const sample = (JSON.parse(readFileSync(new URL('../../src/connectors/otc-cts/fixtures/traces.json', import.meta.url), 'utf8')) as { traces: Trace[] }).traces

/** As cts_exporter sends it: its six extensions, and the fields of a trace that it knows. */
function original(trace: Trace, source = 'https://cts.eu-de.otc.t-systems.com/v2.0/p1/'): { readonly attributes: Headers; readonly data: unknown } {
  const mapped = mapTrace(trace, { cloud: 'otc', source, tenant: 'p1', domain: 'd1', region: 'eu-de' })
  if (mapped === undefined) throw new Error('no trace')
  const { id, type, subject = '', time = 0, extensions = {}, data } = mapped.event
  const { audit: _, ...body } = JSON.parse(new TextDecoder().decode(data)) as Trace
  const own = Object.fromEntries(['status', 'code', 'resourceid', 'region', 'domain', 'tenant'].flatMap((name) => (extensions[name] === undefined ? [] : [[name, String(extensions[name])]])))
  return { attributes: { specversion: '1.0', id, source, type, subject, time: new Date(time).toISOString(), ...own }, data: body }
}

const whole = (event: ReturnType<typeof original>): string => JSON.stringify({ ...event.attributes, datacontenttype: 'application/json', data: event.data })

interface Started {
  readonly url: string
  said(): string
  stop(signal: NodeJS.Signals): Promise<number | null>
}

async function startSink(data: string): Promise<Started> {
  const [port = 0, api = 0, ops = 0] = await freePorts(3)
  const child = spawn(process.execPath, ['src/main.ts', 'neo4j-sink', '--data', data, '--listen', `127.0.0.1:${api}`, '--ops', `127.0.0.1:${ops}`], {
    cwd: new URL('../../', import.meta.url), stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, NEO4J_URI: `neo4j://${server.address}`, NEO4J_USER: server.user, NEO4J_PASSWORD: server.password, PORT: String(port), WEIR_HTTP_ACK_TIMEOUT: '3s' },
  })
  const ended = once(child, 'close')
  const stop = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal)
    return (await ended as [number | null])[0]
  }
  onTestFinished(async () => void await stop('SIGKILL'))
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (said += piece))
  await expect.poll(() => (child.exitCode === null ? said : `ended: ${said}`), { timeout: 60_000 }).toMatch(/^(?!ended)[^]*weir is ready/)
  return { url: `http://127.0.0.1:${port}`, said: () => said, stop }
}

async function post(url: string, type: string, body: string, headers: Headers = {}): Promise<{ readonly status: number; readonly text: string }> {
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': type, ...headers }, body })
  return { status: answer.status, text: await answer.text() }
}

const structured = 'application/cloudevents+json'
const batched = 'application/cloudevents-batch+json'
const count = async (): Promise<unknown> => Object.fromEntries((await server.ask<{ label: string; n: number }>('MATCH (n) RETURN labels(n)[0] AS label, count(*) AS n ORDER BY label')).map(({ label, n }) => [label, n]))

test('events of the original exporter are in the graph when they are answered, in each mode, from either version of the API; a bad one is told and keeps no other out; while Neo4j is away all are told to come again', async (context) => {
  const found = await installNeo4j()
  if (found.path === undefined) return context.skip(found.reason)
  const sink = await startSink(join(dir, 'one'))
  const events = sample.map((trace) => original(trace))
  const [first] = events as [ReturnType<typeof original>]
  const attributes = Object.fromEntries(Object.entries(first.attributes).map(([name, value]) => [`ce-${name}`, encodeURIComponent(value)]))
  // A database that has just started makes its constraints first: till then it is told to come again.
  await expect.poll(() => post(`${sink.url}/any/path`, 'application/json', JSON.stringify(first.data), attributes), { timeout: 60_000 }).toEqual({ status: 200, text: '' })
  expect(await count()).toEqual({ ACTION: 1, REGION: 1, RESOURCE: 1, STATUS: 1, SUBJECT: 1, TENANT: 1 })
  for (const event of events) expect(await post(sink.url, structured, whole(event))).toEqual({ status: 200, text: '' })
  const all = { ACTION: 4, REGION: 1, RESOURCE: 4, STATUS: 3, SUBJECT: 5, TENANT: 1 }
  expect(await count()).toEqual(all)
  expect(await server.ask('MATCH (a:ACTION)-[:PERFORMED_BY]->(s) OPTIONAL MATCH (s)-[:ASSUMED_BY]->(b) RETURN s.name AS name, b.name AS behind ORDER BY name')).toEqual([
    { name: 'jdoe', behind: null }, { name: 'jdoe', behind: null }, { name: 'ops-bot', behind: 'anna' }, { name: null, behind: null },
  ])
  const other = sample.map((trace) => whole(original(trace, 'https://cts.eu-de.otc.t-systems.com/v3/p1/')))
  expect([await post(sink.url, batched, `[${other.join(',')}]`), await count()]).toEqual([{ status: 200, text: '' }, all])

  const many = Array.from({ length: 499 }, (_, n) => whole(original({ ...sample[0], trace_id: `t${n}` })))
  const mixed = await post(sink.url, batched, `[${[...many.slice(0, 250), '{"specversion":"1.0","id":"poison","source":"/x","type":"hello"}', ...many.slice(250)].join(',')}]`)
  expect([mixed.status, mixed.text.includes('could not take 1 of the events'), mixed.text.includes('tells of no action'), await count()]).toEqual([422, true, true, { ...all, ACTION: 503 }])
  expect([(await fetch(sink.url)).status, (await post(sink.url, 'application/json', '{}')).status, (await post(sink.url, structured, '{"specversion":"1.0","id":"1"}')).status]).toEqual([405, 415, 400])

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
  await Promise.all([next, another].flatMap(({ url }) => [late, ...other].map(async (event) => {
    await expect.poll(() => post(url, structured, event), { timeout: 60_000 }).toEqual({ status: 200, text: '' })
  })))
  expect(await count()).toEqual({ ...all, ACTION: 504 })
  expect([await next.stop('SIGTERM'), sink.said().includes(server.password)]).toEqual([0, false])
}, 300_000)
