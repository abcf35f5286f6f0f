// Sink `neo4j` against a real Neo4j 5 Community.
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { neo4jSchema } from '../../src/connectors/neo4j/config.ts'
import { sink as neo4j } from '../../src/connectors/neo4j/sink.ts'
import { mapTrace } from '../../src/connectors/otc-cts/map.ts'
import type { Sink } from '../../src/engine/contracts.ts'
import type { WeirEvent } from '../../src/model/events.ts'
import { configFrom, type WrittenConfigOf } from '../../src/schema/index.ts'
import { eventBatch, testContext } from '../conformance/batches.ts'
import { cutProxy } from '../conformance/cut-proxy.ts'
import { deliverAll } from '../conformance/deliver.ts'
import { sinkConformance, type OtherSide } from '../conformance/sink.ts'
import { selfSigned } from '../kit/certificate.ts'
import type { Against } from '../kit/proof.ts'
import { startWeir } from '../kit/weir-process.ts'
import { installNeo4j, neo4j as program } from './install/neo4j.ts'
import { startNeo4j, type Neo4jServer } from './kit/neo4j.ts'
import { auditOf, graphRelay, marked } from './kit/neo4j-side.ts'

const never = new AbortController().signal
const against: Against = { system: 'neo4j', server: 'Neo4j Community', version: () => program.version }
const certificate = selfSigned()
let server: Neo4jServer
let dir = ''

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-graph-'))
  if ((await installNeo4j()).path === undefined) return
  server = await startNeo4j({ tls: certificate })
  // The first plans of a database take seconds on a shared machine; the cases have short timeouts.
  const sink = await sinkFor({ timeout: '150s' })
  await deliverAll(
    sink,
    manyTraces(20).map((trace) => traced(trace)),
  )
  await sink.close()
  await empty()
}, 400_000)

beforeEach(async (context) => {
  const found = await installNeo4j()
  if (found.path === undefined) context.skip(found.reason)
})

afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await rm(dir, { recursive: true, force: true })
})

type Written = WrittenConfigOf<typeof neo4jSchema>

function sinkFor(written: Partial<Written> = {}): Promise<Sink> {
  return neo4j.build(
    configFrom(neo4jSchema, {
      url: `bolt://${server.address}`,
      auth: { type: 'basic', user: server.user, password: server.password },
      ...written,
    }),
    testContext(),
  )
}

/** The whole graph, in a stable order. */
async function graph(): Promise<{ readonly nodes: unknown[]; readonly links: unknown[] }> {
  const nodes = await server.ask(
    'MATCH (n) RETURN labels(n)[0] AS label, properties(n) AS properties ORDER BY label, coalesce(n.key, ' +
      'n.id, n.name, n.tenantId)',
  )
  const links = await server.ask(
    'MATCH (a)-[r]->(b) WITH coalesce(a.key, a.id, a.tenantId) AS from, type(r) AS type, coalesce(b.key, ' +
      'b.id, b.name, b.tenantId) AS to RETURN from, type, to ORDER BY from, type, to',
  )
  return { nodes, links }
}

const labels = (): Promise<unknown[]> =>
  server.ask('MATCH (n) RETURN labels(n)[0] AS label, count(*) AS nodes ORDER BY label')
const empty = (): Promise<unknown[]> => server.ask('MATCH (n) DETACH DELETE n')

let runs = 0
/** A database that has just started, on a machine that it shares, takes its time. */
const leastMs = 2000

async function startOther(): Promise<OtherSide> {
  const run = `run${++runs}`
  const relay = await graphRelay(server.port, run)
  let proxy = await cutProxy(relay.port)
  const ids = async (): Promise<string[]> =>
    (
      await server.ask<{ id: string }>('MATCH (a:ACTION) WHERE a.id STARTS WITH $run RETURN a.id AS id', {
        run: marked('', run).slice(0, -1),
      })
    ).map(({ id }) => id)
  return {
    async build(context, timeoutMs) {
      const sink = await neo4j.build(
        configFrom(neo4jSchema, {
          url: `bolt://127.0.0.1:${proxy.port}`,
          auth: { type: 'basic', user: server.user, password: server.password },
          timeout: `${Math.max(timeoutMs, leastMs)}ms`,
          transaction_events: 10,
        }),
        context,
      )
      return auditOf(sink, run)
    },
    received: async () => relay.inOrder(await ids()),
    held: async () => relay.inOrder(await ids()),
    async refuse(on) {
      if (on) await proxy.close()
      else proxy = await cutProxy(relay.port, proxy.port)
    },
    slow: (on) => Promise.resolve(proxy.hold(on)),
    disconnectAfter: (events) => Promise.resolve(proxy.cutAfter(events, marked('', run).slice(0, -1))),
    poison: () => Promise.resolve(),
    shows: '"action"',
    // Too long to find a node by.
    poisoned: (event) => ({ ...event, extensions: { region: 'r'.repeat(5000) } }),
    async duplicateAck(known) {
      await server.ask('UNWIND $ids AS id MERGE (:ACTION {id: id})', { ids: known.map((id) => marked(id, run)) })
    },
    restart: () => server.restart(),
    async stop() {
      await proxy.close()
      await relay.close()
    },
  }
}

// Of flows it writes sums, in which none has an id: graph-questions.test.ts has those.
sinkConformance('neo4j', { accepts: ['events'], idempotency: neo4j.idempotency, start: startOther }, against)

const origin = {
  cloud: 'otc',
  source: 'https://cts.eu-de.otc.t-systems.com/v3/p1/',
  tenant: 'p1',
  domain: 'd1',
  region: 'eu-de',
}
const sample = (
  JSON.parse(readFileSync(new URL('../../src/connectors/otc-cts/fixtures/traces.json', import.meta.url), 'utf8')) as {
    traces: Record<string, unknown>[]
  }
).traces
const traced = (trace: Record<string, unknown>, from = origin): WeirEvent => {
  const mapped = mapTrace(trace, from)
  if (mapped === undefined) throw new Error('no trace')
  return mapped.event
}

/** Traces as the sample has them, of many ids and some resources and users. */
function manyTraces(count: number, from = 0): Record<string, unknown>[] {
  return Array.from({ length: count }, (_, at) => {
    const n = from + at
    return {
      ...sample[n % 4],
      trace_id: `t${n}`,
      time: 1_710_846_000_000 + n,
      resource_id: `r${n % 37}`,
      user: { id: `u${n % 11}`, name: `user ${n % 11}`, domain: { id: 'd1' } },
    }
  })
}

describe('neo4j: the graph', () => {
  beforeEach(empty)

  test('traces have their nodes and relationships, also after a repeat by the other API and sink', async () => {
    const sink = await sinkFor({ url: `neo4j://${server.address}` })
    expect(
      await sink.send(
        eventBatch(
          sample.map((trace) => traced(trace)),
          't',
        ),
        never,
      ),
    ).toEqual([])
    const [whole, links] = [
      await graph(),
      await server.ask(
        'MATCH (a)-[r]->(b) RETURN labels(a)[0] + " " + type(r) + " " + labels(b)[0] AS link, count(*) AS n ' +
          'ORDER BY link',
      ),
    ]
    expect(await labels()).toEqual([
      { label: 'ACTION', nodes: 4 },
      { label: 'REGION', nodes: 1 },
      { label: 'RESOURCE', nodes: 4 },
      { label: 'STATUS', nodes: 3 },
      { label: 'SUBJECT', nodes: 5 },
      { label: 'TENANT', nodes: 1 },
    ])
    expect(links).toEqual([
      { link: 'ACTION APPLIED_ON RESOURCE', n: 4 },
      { link: 'ACTION PERFORMED_BY SUBJECT', n: 4 },
      { link: 'ACTION WITH_STATUS STATUS', n: 4 },
      { link: 'RESOURCE MEMBER_OF TENANT', n: 4 },
      { link: 'SUBJECT ASSUMED_BY SUBJECT', n: 1 },
      { link: 'TENANT LOCATED_AT REGION', n: 1 },
    ])
    expect(
      await server.ask(
        'MATCH (:RESOURCE {id: $id})<-[:APPLIED_ON]-(a)-[:PERFORMED_BY]->(s)-[:ASSUMED_BY]->(b) RETURN ' +
          'a.type AS type, toString(a.timestamp) AS at, s.name AS name, b.name AS behind',
        { id: sample[1]?.['resource_id'] },
      ),
    ).toEqual([{ type: 'ecs.apicall.ecs.startserver', at: '2024-03-19T11:04:47.1Z', name: 'ops-bot', behind: 'anna' }])
    const other = await sinkFor()
    expect(
      await other.send(
        eventBatch(
          sample.map((trace) => traced(trace, { ...origin, source: origin.source.replace('v3', 'v2.0') })),
          'u',
        ),
        never,
      ),
    ).toEqual([])
    expect(await labels()).toMatchObject([{ label: 'ACTION', nodes: 4 }, {}, {}, {}, {}, {}])
    expect(
      await other.send(
        eventBatch(
          sample.map((trace) => traced(trace)),
          'v',
        ),
        never,
      ),
    ).toEqual([])
    expect(await graph()).toEqual(whole)
    await Promise.all([sink.close(), other.close()])
  })

  test('two that write the same at the same time make each node once', async () => {
    const events = manyTraces(300).map((trace) => traced(trace))
    const sinks = await Promise.all([sinkFor({ transaction_events: 50 }), sinkFor({ transaction_events: 70 })])
    await Promise.all(sinks.map((sink) => deliverAll(sink, events)))
    expect(await labels()).toEqual([
      { label: 'ACTION', nodes: 300 },
      { label: 'REGION', nodes: 1 },
      { label: 'RESOURCE', nodes: 4 * 37 },
      { label: 'STATUS', nodes: 3 },
      { label: 'SUBJECT', nodes: 11 },
      { label: 'TENANT', nodes: 1 },
    ])
    await Promise.all(sinks.map((sink) => sink.close()))
  })

  test('a row that a foreign constraint forbids is rejected with the reason, and no other row', async () => {
    await server.ask('CREATE CONSTRAINT custom FOR (a:ACTION) REQUIRE a.requestId IS UNIQUE')
    const sink = await sinkFor()
    const events = manyTraces(6).map((trace, index) =>
      traced({ ...trace, request_id: index === 4 ? 'q1' : `q${index}` }),
    )
    const failures = await sink.send(eventBatch(events, 't'), never)
    await server.ask('DROP CONSTRAINT custom')
    expect(failures).toEqual([
      { index: 4, is: 'reject', reason: expect.stringContaining('Neo4j rejected the rows') as string },
    ])
    expect(await labels()).toMatchObject([{ label: 'ACTION', nodes: 5 }, {}, {}, {}, {}, {}])
    await sink.close()
  })
})

test('neo4j: over TLS only a trusted certificate is accepted; faults are reported with the remedy', async () => {
  const ca = join(dir, 'ca.pem')
  await writeFile(ca, certificate.cert)
  const look = async (written: Partial<Written>): Promise<string> => {
    const sink = await sinkFor({ timeout: '20s', ...written })
    const found = await sink.probe?.(never)
    await sink.close()
    return `${found?.is ?? ''} ${found?.message ?? ''}`
  }
  expect(await look({ url: `bolt+ssc://${server.address}` })).toMatch(
    /^ok .*Neo4j Kernel 5\.\d+\.\d+ community, database neo4j$/,
  )
  expect(await look({ url: `bolt://${server.address}`, tls: { ca_file: ca } })).toMatch(/^ok /)
  expect(await look({ url: `bolt+s://${server.address}` })).toMatch(/^fail .*certificate is not trusted/)
  expect(await look({ database: 'nowhere' })).toMatch(
    /^fail database not found at .*; create it, or correct `database`$/,
  )
  expect(await look({ auth: { type: 'basic', user: 'neo4j', password: 'wrong' } })).toMatch(
    /^fail .*rejected the login .*; correct `auth`$/,
  )
  expect(await look({ auth: { type: 'bearer', token: 'no-token' } })).toMatch(/^fail .*; correct `auth`$/)
  expect(await look({ url: 'bolt://127.0.0.1:1' })).toMatch(/^fail bolt:\/\/127\.0\.0\.1:1 can't be reached/)
})

test('neo4j: a wrong password and a kill of the database lose and duplicate nothing', async () => {
  await empty()
  const secret = join(dir, 'password')
  await writeFile(secret, 'not-the-password')
  const sinks = {
    graph: {
      type: 'neo4j',
      url: `neo4j://${server.address}`,
      auth: { type: 'basic', user: server.user, password: `file:${secret}` },
      transaction_events: 20,
      only: { family: ['audit'] },
      delivery: { retry_initial: '50ms', retry_max: '500ms' },
    },
  }
  await using weir = await startWeir({
    folder: join(dir, 'weir'),
    config: { sources: { netflow: { listen: 'off', tcp: 'off' } }, sinks },
  })
  const ids: string[] = []
  const post = async (count: number): Promise<void> => {
    const traces = manyTraces(count, ids.length)
    ids.push(...traces.map(({ trace_id: id }) => String(id)))
    await weir.events(
      traces.map((trace) => {
        const { id, source, type, subject, time, extensions, data, key, ref } = traced(trace)
        return {
          specversion: '1.0',
          id,
          source,
          type,
          subject,
          time: new Date(time ?? 0).toISOString(),
          ...extensions,
          partitionkey: key,
          weirref: ref,
          weirfamily: 'audit',
          datacontenttype: 'application/json',
          data: JSON.parse(Buffer.from(data ?? []).toString()) as unknown,
        }
      }),
    )
  }
  const there = async (): Promise<number> =>
    (await server.ask<{ n: number }>('MATCH (a:ACTION) RETURN count(a) AS n'))[0]?.n ?? 0
  await post(100)
  await expect
    .poll(async () => (await weir.pipeline()).sinks.find(({ name }) => name === 'graph'), { timeout: 100_000 })
    .toMatchObject({ error: expect.stringContaining('rejected the login') as string })
  expect(await there()).toBe(0)
  await writeFile(secret, server.password)
  await expect.poll(there, { timeout: 100_000 }).toBe(100)
  await post(900)
  await expect.poll(there, { timeout: 100_000 }).toBeGreaterThan(140)
  await server.kill()
  await post(100)
  await server.restart()
  expect((await weir.caughtUp(100_000, ['graph'])).balanced).toBe(true)
  expect((await server.ask<{ id: string }>('MATCH (a:ACTION) RETURN a.id AS id')).map(({ id }) => id).sort()).toEqual(
    ids.toSorted(),
  )
  expect(
    await server.ask(
      'MATCH (a:ACTION) WHERE NOT (a)-[:APPLIED_ON]->() OR NOT (a)-[:PERFORMED_BY]->() OR NOT ' +
        '(a)-[:WITH_STATUS]->() RETURN count(a) AS n',
    ),
  ).toEqual([{ n: 0 }])
  const first = await graph()
  const again = await sinkFor()
  await deliverAll(
    again,
    manyTraces(ids.length).map((trace) => traced(trace)),
  )
  await again.close()
  expect(await graph()).toEqual(first)
}, 500_000)
