// Many events per transaction against one transaction each, as neo4j_sink writes them, with the same client library and
// database. Weir's database has constraints, which neo4j_sink does not create. Also measures a single statement without
// BEGIN and COMMIT.
import { createHash } from 'node:crypto'
import neo4jDriver from 'neo4j-driver'
import { neo4jSchema } from '../../src/connectors/neo4j/config.ts'
import { sink as neo4j } from '../../src/connectors/neo4j/sink.ts'
import { toGraph } from '../../src/connectors/neo4j/map.ts'
import { mapTrace } from '../../src/connectors/otc-cts/map.ts'
import type { WeirEvent } from '../../src/model/events.ts'
import { isRecord } from '../../src/model/json.ts'
import { configFrom } from '../../src/schema/index.ts'
import type { AcceptanceRun } from '../harness.ts'
import { eventBatch, testContext } from '../../test/conformance/batches.ts'
import { installNeo4j } from '../../test/real/install/neo4j.ts'
import { startNeo4j, type Neo4jServer } from '../../test/real/kit/neo4j.ts'

/** Events in each batch. */
const sent = 5000

const single = `MERGE (s:SUBJECT {key: $subject}) MERGE (r:RESOURCE {key: $resource})
  MERGE (t:TENANT {tenantId: $tenantId, domainId: $domainId})
  MERGE (g:REGION {name: $region}) MERGE (o:STATUS {id: $status})
MERGE (a:ACTION {id: $id}) SET a.timestamp = datetime({epochMillis: toInteger($time)}), a += $set
MERGE (a)-[:APPLIED_ON]->(r) MERGE (a)-[:PERFORMED_BY]->(s) MERGE (a)-[:WITH_STATUS]->(o)
  MERGE (r)-[:MEMBER_OF]->(t) MERGE (t)-[:LOCATED_AT]->(g)`

export default {
  name: 'neo4j-load',
  issue: '7.2',
  title:
    'Neo4j takes 100,000 audit events at least 20 times faster than in one transaction each. Redelivery does ' +
    'not change the graph.',
  async run(context) {
    const found = await installNeo4j()
    if (found.path === undefined) return context.skip(found.reason)
    await using server = await startNeo4j(context.size({ heap: '1g', lasting: true }, {}))
    const [many, few] = [context.size(100_000, 3000), context.size(3000, 100)]
    const sink = await neo4j.build(
      configFrom(neo4jSchema, {
        url: `bolt://${server.address}`,
        auth: { type: 'basic', user: server.user, password: server.password },
      }),
      testContext(),
    )
    const load = async (events: readonly WeirEvent[]) => {
      const started = performance.now()
      for (let from = 0; from < events.length; from += sent) {
        const failures = await sink.send(
          eventBatch(events.slice(from, from + sent), `t${from}`),
          new AbortController().signal,
        )
        if (failures.length > 0) throw new Error(`${failures.length} failed: ${failures[0]?.reason ?? ''}`)
      }
      return events.length / ((performance.now() - started) / 1000)
    }
    if (context.scale === 'full') {
      // Warm-up of the Java process.
      await load(eventsOf(5 * few, 'warm'))
      await loadSingly(server, eventsOf(few, 'warmer'), 'auto')
      await loadSingly(server, eventsOf(few, 'warmest'), 'managed')
    }
    const cheapest = await loadSingly(server, eventsOf(few, 'cheapest'), 'auto')
    const slow = await loadSingly(server, eventsOf(few, 'single'), 'managed')
    const events = eventsOf(many, 'many')
    const fast = await load(events)
    const once = await digestOf(server)
    const again = await load(events)
    const twice = await digestOf(server)
    await sink.close()
    context.figure('one transaction each', Math.round(slow), 'events/s')
    context.figure('one statement each, without an explicit transaction', Math.round(cheapest), 'events/s')
    context.figure('many in a transaction', Math.round(fast), 'events/s')
    context.figure('the same again', Math.round(again), 'events/s')
    context.figure('times faster', Math.round((fast / slow) * 10) / 10)
    const [counted] = await server.ask<{ actions: number; whole: number }>(
      `MATCH (a:ACTION) WHERE a.id STARTS WITH 'many' RETURN count(a) AS actions, sum(CASE WHEN ` +
        '(a)-[:APPLIED_ON]->() AND (a)-[:PERFORMED_BY]->() AND (a)-[:WITH_STATUS]->() THEN 1 ELSE 0 ' +
        'END) AS whole',
    )
    context.expect(
      counted?.actions === many && counted.whole === many,
      `each of ${many} events is one action with actor, target and verb (${JSON.stringify(counted)})`,
    )
    context.expect(once === twice, 'loaded twice the graph is the same, node by node and relationship by relationship')
    context.expectSpeed(
      fast >= 20 * slow,
      `at least 20 times faster than one transaction each (${Math.round(fast)} and ${Math.round(slow)} events/s)`,
    )
  },
} satisfies AcceptanceRun

/** About a hundred actors and a thousand resources. */
function eventsOf(count: number, prefix: string): WeirEvent[] {
  const origin = {
    cloud: 'otc',
    source: 'https://cts.eu-de.otc.t-systems.com/v3/p1/',
    tenant: 'p1',
    domain: 'd1',
    region: 'eu-de',
  }
  return Array.from({ length: count }, (_, n) => {
    const mapped = mapTrace(
      {
        trace_id: `${prefix}-${n}`,
        time: 1_710_846_000_000 + n,
        record_time: 1_710_846_001_000 + n,
        service_type: 'ECS',
        resource_type: 'ecs',
        resource_id: `vm-${(n * 7919) % 5000}`,
        resource_name: `web ${(n * 7919) % 5000}`,
        trace_name: ['startServer', 'stopServer', 'rebootServer'][n % 3],
        trace_rating: n % 50 === 0 ? 'warning' : 'normal',
        trace_type: 'ApiCall',
        code: n % 50 === 0 ? 409 : 200,
        source_ip: '198.51.100.7',
        request_id: `req-${n}`,
        user: { id: `u${n % 300}`, name: `user ${n % 300}`, domain: { id: 'd1', name: 'OTC1' } },
      },
      origin,
    )
    if (mapped === undefined) throw new Error('no trace')
    return mapped.event
  })
}

async function loadSingly(server: Neo4jServer, events: readonly WeirEvent[], how: 'managed' | 'auto'): Promise<number> {
  const driver = neo4jDriver.driver(`bolt://${server.address}`, neo4jDriver.auth.basic(server.user, server.password))
  const session = driver.session()
  const started = performance.now()
  for (const event of events) {
    const row = toGraph(event)
    if (row.kind !== 'action') throw new Error('no action')
    const { action, subject, resource, tenant, region, status } = row
    const parameters = {
      id: action.id,
      time: action.time,
      set: action.set,
      subject: subject.key,
      resource: resource?.key,
      ...tenant,
      region,
      status,
    }
    if (how === 'managed') await session.executeWrite((transaction) => transaction.run(single, parameters))
    else await session.run(single, parameters)
  }
  const rate = events.length / ((performance.now() - started) / 1000)
  await driver.close()
  return rate
}

/** Digest of the graph, independent of the order. */
async function digestOf(server: Neo4jServer): Promise<string> {
  const lines = [
    ...(await server
      .ask('MATCH (n) RETURN labels(n) AS labels, properties(n) AS properties')
      .then((rows) => rows.map(canonical))),
    ...(await server
      .ask(
        'MATCH (a)-[r]->(b) RETURN coalesce(a.key, a.id, a.tenantId) AS from, type(r) AS type, ' +
          'coalesce(b.key, b.id, b.name, b.tenantId) AS to',
      )
      .then((rows) => rows.map(canonical))),
  ].sort()
  return createHash('sha256').update(lines.join('\n')).digest('hex')
}

function canonical(row: object) {
  return JSON.stringify(row, (_, value: unknown) =>
    isRecord(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value,
  )
}
