// The ten questions of docs/graph-questions.json on a real Neo4j filled by the sink: the same rows as from the
// store.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { neo4jSchema } from '../../src/connectors/neo4j/config.ts'
import { sink as neo4j } from '../../src/connectors/neo4j/sink.ts'
import type { Sink, SinkBatch, SinkPiece } from '../../src/engine/contracts.ts'
import type { WeirEvent } from '../../src/model/events.ts'
import { configFrom } from '../../src/schema/index.ts'
import { eventBatch, testContext } from '../conformance/batches.ts'
import { questions } from '../graph/questions.ts'
import { seedEvents, seedFlows } from '../graph/seed.ts'
import { installNeo4j } from './install/neo4j.ts'
import { startNeo4j, type Neo4jServer } from './kit/neo4j.ts'

const never = new AbortController().signal
let server: Neo4jServer
let sink: Sink

beforeAll(async () => {
  if ((await installNeo4j()).path === undefined) return
  server = await startNeo4j()
  sink = await open()
}, 180_000)

beforeEach(async (context) => {
  const found = await installNeo4j()
  if (found.path === undefined) return context.skip(found.reason)
  await server.ask('MATCH (n) DETACH DELETE n')
})

afterAll(async () => {
  await sink?.close()
  await server?.[Symbol.asyncDispose]()
})

function open(writer?: string): Promise<Sink> {
  return neo4j.build(
    configFrom(neo4jSchema, {
      url: `bolt://${server.address}`,
      auth: { type: 'basic', user: server.user, password: server.password },
      ...(writer === undefined ? {} : { writer }),
    }),
    testContext(),
  )
}

const came = Date.UTC(2026, 10, 20, 12)

/** Some rows of the flows, as a frame of their source. */
function flowPiece(from: number, to: number, { epoch = 1, sequence = 1, received = came } = {}): SinkPiece {
  const batch = seedFlows()
  const header = {
    ...eventBatch([{ id: 'x', source: '/x', type: 'x', encoding: 'none' }], 'x').pieces[0]!.header,
    kind: 'flows' as const,
    source: 'netflow',
    epoch,
    sourceSequence: sequence,
    received,
    count: batch.count,
  }
  return { header, batch, rows: Uint32Array.from({ length: to - from }, (_, index) => from + index), firstRow: 0 }
}

const batchOf = (pieces: readonly SinkPiece[], retried = false, token = 't'): SinkBatch => ({
  token,
  pieces,
  retried,
  count: pieces.reduce((sum, { rows }) => sum + rows.length, 0),
})

async function send(...batches: readonly SinkBatch[]): Promise<void> {
  // As the engine: a batch that timed out is sent again unchanged.
  for (const batch of batches) await expect.poll(() => sink.send(batch, never), { timeout: 120_000 }).toEqual([])
}

async function graph(): Promise<unknown> {
  const nodes = await server.ask(
    'MATCH (n) WHERE NOT n:DELIVERED RETURN labels(n) AS labels, properties(n) AS properties ORDER BY ' +
      'coalesce(n.key, n.id, n.name, n.tenantId), labels',
  )
  const links = await server.ask(
    'MATCH (a)-[r]->(b) RETURN coalesce(a.key, a.id, a.tenantId) AS from, type(r) AS type, coalesce(b.key, ' +
      'b.id, b.name, b.tenantId) AS to, properties(r) AS properties ORDER BY from, type, to, ' +
      'r.validFrom, r.hour',
  )
  return JSON.parse(JSON.stringify({ nodes, links }))
}

async function answers(): Promise<unknown> {
  const written = (value: unknown): unknown =>
    typeof value === 'object' && value !== null && 'toStandardDate' in value
      ? (value as { toStandardDate(): Date }).toStandardDate().toISOString()
      : value
  const all: unknown[] = []
  for (const { id, cypher, parameters, columns } of questions) {
    const rows = await server.ask<Record<string, unknown>>(cypher.join('\n'), parameters)
    all.push({ id, rows: rows.map((row) => columns.map((column) => written(row[column]))) })
  }
  return all
}

const wanted = questions.map(({ id, rows }) => ({ id, rows }))
const events = seedEvents()

describe('graph questions', () => {
  test('Neo4j and the store answer the ten questions alike, also after everything is sent again', async () => {
    await send(eventBatch(events, 'all'), batchOf([flowPiece(0, 25)]))
    expect(await answers()).toEqual(wanted)
    const whole = await graph()
    for (let from = 0; from < events.length; from += 7) await send(eventBatch(events.slice(from, from + 7), `t${from}`))
    await send(batchOf([flowPiece(0, 10)]), batchOf([flowPiece(10, 25)]))
    expect(await graph()).toEqual(whole)
  })

  test('whichever is sent first, a change has its actor; changes, flows and traces may be in one batch', async () => {
    const [middle, flows] = [Math.floor(events.length / 2), flowPiece(0, 25)]
    const reversed = [
      ...events.filter(({ family }) => family === 'change'),
      ...events.filter(({ family }) => family === 'resource'),
      ...events.filter(({ family }) => family === 'audit'),
    ]
    const pieces = [
      eventBatch(reversed.slice(0, middle), 'a').pieces,
      [flows],
      eventBatch(reversed.slice(middle), 'b').pieces,
    ].flat()
    await send(batchOf(pieces))
    expect(await answers()).toEqual(wanted)
  })

  const sums = async (): Promise<unknown> =>
    (await server.ask('MATCH ()-[t:TALKS_TO]->() RETURN sum(t.bytes) AS bytes, sum(t.flows) AS flows'))[0]

  test('a redelivered flow is counted once; another Weir or a manual rewind counts it again', async () => {
    await send(batchOf([flowPiece(0, 25)]))
    const once = (await sums()) as { bytes: number; flows: number }
    const times = (n: number): object => ({ bytes: n * once.bytes, flows: n * once.flows })
    await send(
      batchOf([flowPiece(0, 12)]),
      batchOf([flowPiece(5, 25)]),
      batchOf([flowPiece(0, 25), flowPiece(0, 25, { sequence: 2 })]),
    )
    expect(await sums()).toEqual(times(2))
    await send(
      batchOf([flowPiece(0, 25, { sequence: 1, received: came + 1 })]),
      batchOf([flowPiece(0, 25, { sequence: 1, received: came + 1 })]),
    )
    expect(await sums()).toEqual(times(3))
    const other = await open('other')
    for (let n = 0; n < 2; n++) expect(await other.send(batchOf([flowPiece(0, 25)]), never)).toEqual([])
    await other.close()
    expect(await sums()).toEqual(times(4))
    await send(batchOf([flowPiece(0, 25)], true, 'by-hand'), batchOf([flowPiece(0, 25)], true, 'by-hand'))
    expect(await sums()).toEqual(times(5))
  })

  const resourceEventOf = (name: string, since: string, data: object, uid = 'u1'): WeirEvent => ({
    id: `${name} ${since} ${uid}`,
    source: '/kubernetes/c1',
    type: 'weir.kubernetes.resource',
    family: 'resource',
    ref: `k8s:c1//Pod/shop/${name}`,
    key: `c1/${uid}`,
    encoding: 'json',
    data: Buffer.from(JSON.stringify({ state: 'present', since, ...data })),
  })
  const links = (): Promise<unknown> =>
    server.ask(
      'MATCH (:RESOURCE {key: "k8s:c1//Pod/shop/p"})-[x:RUNS_ON|USES_IMAGE]->(t) RETURN t.key AS to, ' +
        'toString(x.validFrom) AS since, toString(x.validTo) AS until ORDER BY since, to',
    )
  const at = (minute: number): string => `2026-11-20T10:${String(minute).padStart(2, '0')}:00Z`

  test('a relation begins and ends when emitted; repeated or late emission does not change it', async () => {
    const history = [
      resourceEventOf('p', at(1), { images: [{ image: 'a:1' }] }),
      resourceEventOf('p', at(2), { node: 'n1', images: [{ image: 'a:1' }] }),
      resourceEventOf('p', at(3), { node: 'n1', images: [{ image: 'a:2' }], phase: 'Running' }),
      resourceEventOf('p', at(4), { node: 'n1', images: [{ image: 'a:2' }] }),
      resourceEventOf('p', at(5), { node: 'n1', images: [{ image: 'a:1' }, { image: 'a:1' }] }),
      resourceEventOf('p', at(6), { state: 'gone' }),
      resourceEventOf('p', at(7), { node: 'n2', images: [{ image: 'a:1' }] }, 'u2'),
    ]
    const wants = [
      { to: 'image:a:1', since: at(1), until: at(3) },
      { to: 'k8s:c1//Node//n1', since: at(2), until: at(6) },
      { to: 'image:a:2', since: at(3), until: at(5) },
      { to: 'image:a:1', since: at(5), until: at(6) },
      { to: 'image:a:1', since: at(7), until: null },
      { to: 'k8s:c1//Node//n2', since: at(7), until: null },
    ]
    await send(eventBatch(history, 'all'))
    expect(await links()).toEqual(wants)
    for (let from = 0; from < history.length; from++) {
      for (const event of history.slice(from)) await send(eventBatch([event], 'again'))
      expect(await links()).toEqual(wants)
    }
    await send(eventBatch([resourceEventOf('p', at(6), { node: 'n3' }, 'u2')], 'late'))
    expect(await links()).toEqual(wants)
  })

  test('a node removed while the sink runs is written again with the next event that refers to it', async () => {
    await send(eventBatch(events, 'all'))
    await server.ask('MATCH (n) WHERE n:SUBJECT OR n:STATUS DETACH DELETE n')
    await send(eventBatch(events, 'again'), batchOf([flowPiece(0, 25)]))
    expect(await answers()).toEqual(wanted)
  })
})
