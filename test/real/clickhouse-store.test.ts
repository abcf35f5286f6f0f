// ClickHouse as the store: its views and results, compared with the embedded store.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { StoreReader } from '../../src/engine/control.ts'
import { kubernetesRef } from '../../src/model/refs.ts'
import { clickhouseSettings } from '../../src/query/index.ts'
import { anyFlows } from '../../src/store/testing/any-flows.ts'
import { event, flowBatch, startOfDay } from '../../src/store/testing/frames.ts'
import { queryRows, queryText } from '../../src/store/testing/query-rows.ts'
import { temporaryStores } from '../../src/store/testing/temporary.ts'
import { SeededRandom } from '../kit/random.ts'
import { installChdb } from './install/chdb.ts'
import { bothStores, type BothStores } from './kit/both-stores.ts'
import { clusterEvents } from './kit/cluster-events.ts'
import { startChdb, type ChdbServer } from './kit/chdb.ts'

let server: ChdbServer

beforeAll(async () => {
  if ((await installChdb()).path !== undefined) server = await startChdb()
}, 180_000)

beforeEach(async (context) => {
  const found = await installChdb()
  if (found.path === undefined) context.skip(found.reason)
})

afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
})

const stores = temporaryStores()
let databases = 0

async function both(): Promise<BothStores> {
  const opened = await bothStores(server.url, `store_${++databases}`, await stores.open(), clickhouseSettings)
  return opened
}

/** Rows as texts, in any order. */
async function rowsOf(reader: StoreReader, sql: string): Promise<string[]> {
  return (await queryRows(reader, sql)).map((row) => JSON.stringify(row)).toSorted()
}

async function expectEqual({ embedded, outside }: BothStores, ...statements: readonly string[]): Promise<void> {
  for (const sql of statements) {
    const expected = await rowsOf(embedded, sql)
    expect(expected, sql).not.toEqual([])
    expect(await rowsOf(outside, sql), sql).toEqual(expected)
  }
}

const views = ['events', 'audit', 'changes', 'resources', 'relations']

describe('the views in ClickHouse', () => {
  it.each([1, 2, 3, 4])('have the rows of the embedded store for a random cluster (seed %i)', async (seed) => {
    const stores = await both()
    const random = new SeededRandom(seed)
    for (let batch = 0; batch < 3; batch++) await stores.addEvents(clusterEvents(random, 60), startOfDay + batch * 1000)
    await expectEqual(
      stores,
      ...views.map((view) => `SELECT * FROM ${view}`),
      "SELECT * FROM changes WHERE actor_kind = 'user'",
      "SELECT * FROM changes WHERE operation = 'deleted' AND actor IS NOT NULL",
      'SELECT * FROM relations WHERE valid_to IS NULL',
    )
    await stores.close()
  })

  it('have every body as the embedded store shows it', async () => {
    const stores = await both()
    const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1')
    await stores.addEvents([
      event('none'),
      event('text', { encoding: 'text', data: bytes('plain "text"') }),
      event('json', { encoding: 'json', data: bytes('{"a": 18446744073709551615, "b": [null, 1.50]}') }),
      event('broken', { encoding: 'json', data: bytes('{"a": ') }),
      event('binary', { encoding: 'binary', data: bytes('\xff\x00\x01') }),
      event('latin', { encoding: 'text', data: bytes('\xe9') }),
      event('extended', { extensions: { traceparent: 'x', number: 1 } } as never),
    ])
    await expectEqual(stores, 'SELECT * FROM events')
    await stores.close()
  })

  it.each([1, 2, 3])('have every column of flows (seed %i)', async (seed) => {
    const stores = await both()
    const random = new SeededRandom(seed)
    for (let batch = 0; batch < 4; batch++)
      await stores.add(anyFlows(random, 40, 0.7, startOfDay).batch, startOfDay + batch * 1000)
    await expectEqual(stores, 'SELECT * FROM flows', 'SELECT count(*) AS flows, sum(bytes_est) AS bytes FROM flows')
    await stores.close()
  })

  it('sum the traffic of workloads by hour', async () => {
    const stores = await both()
    const flows = flowBatch(Array.from({ length: 6 }, (_, at) => ({ src: `10.0.0.${at}`, dst: '10.0.1.1', bytes: at })))
    const words = ['', 'netflow5', 'c1', 'shop', 'web', 'Deployment', 'db', 'StatefulSet']
    const names = ['cluster', 'src_namespace', 'src_owner_name', 'src_owner_kind']
    const codes = (code: number) => ({ kind: 'dict' as const, codes: new Uint32Array(6).fill(code) })
    await stores.add({
      ...flows,
      dictionary: words,
      columns: {
        ...flows.columns,
        ...Object.fromEntries(names.map((name, at) => [name, codes(at + 2)])),
        dst_namespace: codes(3),
        dst_owner_name: codes(6),
        dst_owner_kind: { kind: 'dict', codes: Uint32Array.of(7, 7, 7, 0, 7, 7) },
      },
    })
    await expectEqual(stores, 'SELECT * FROM traffic')
    expect(await queryRows(stores.outside, 'SELECT flows FROM traffic')).toEqual([{ flows: 5 }])
    await stores.close()
  })
})

describe('edges of the graph', () => {
  it.each([1, 2])('are those of the embedded store (seed %i)', async (seed) => {
    const stores = await both()
    const random = new SeededRandom(seed)
    await stores.addEvents(clusterEvents(random, 150))
    const pod = kubernetesRef({ cluster: 'c1', group: '', kind: 'Pod', namespace: 'shop', name: 'p' })
    const node = kubernetesRef({ cluster: 'c1', group: '', kind: 'Node', namespace: '', name: 'n1' })
    const actors = (await queryRows(stores.embedded, 'SELECT DISTINCT actor FROM audit')).map(({ actor }) =>
      String(actor),
    )
    const ids = (await queryRows(stores.embedded, 'SELECT id FROM changes LIMIT 3')).map(({ id }) => String(id))
    const ends = 'SELECT DISTINCT to_ref AS ref FROM relations ORDER BY hash(to_ref) LIMIT 60'
    const refs = (await queryRows(stores.embedded, ends)).map(({ ref }) => String(ref))
    for (const namespaces of [undefined, ['shop']])
      for (const near of [[pod, node], actors, ids, [`event:${ids[0]}`], refs]) {
        const request = {
          near,
          limit: 3,
          span: { from: BigInt(startOfDay - 3_600_000) * 1000n, to: BigInt(startOfDay + 7_200_000) * 1000n },
          relations: undefined,
          namespaces,
        }
        const never = new AbortController().signal
        const sorted = async (reader: StoreReader) =>
          (await reader.edges(request, never)).map((edge) => JSON.stringify(edge)).toSorted()
        expect(await sorted(stores.outside), near.join(' ')).toEqual(await sorted(stores.embedded))
      }
    await stores.close()
  })
})

describe('results', () => {
  it.each(['json', 'ndjson', 'csv', 'table'] as const)('have the form of the embedded store (%s)', async (format) => {
    const stores = await both()
    await stores.add(flowBatch([{ src: '10.0.0.1', dst: '2001:db8::1', bytes: 2n ** 60n }]))
    const sql = 'SELECT src_addr, dst_addr, bytes, bytes_est, time_end, sampling, time_skewed FROM flows'
    expect(await queryText(stores.outside, sql, format)).toBe(await queryText(stores.embedded, sql, format))
    await stores.close()
  })

  it('of statements that write, have a format, or are several, are refused', async () => {
    const { outside, close } = await both()
    for (const sql of [
      'DROP VIEW flows',
      'INSERT INTO weir_flows (bytes) VALUES (1)',
      "SELECT * FROM file('/etc/passwd', 'LineAsString')",
      "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString', 'x String')",
      'SELECT 1; SELECT 2',
      'SELECT 1 FORMAT TSV',
      'SELECT nothing FROM flows',
      'SELECT 1 SETTINGS readonly = 0',
    ])
      await expect(outside.query(sql, 'json', new AbortController().signal), sql).rejects.toMatchObject({
        code: 'WEIR_SQL_REFUSED',
      })
    await close()
  })

  it('end with WEIR_SQL_TIMEOUT at the time limit', async () => {
    const { outside, close } = await both()
    const never = new AbortController().signal
    const sql = 'SELECT count() FROM numbers(3) WHERE sleepEachRow(0.5) = 0'
    await expect(outside.isolated?.({ sql, format: 'json', bound: 'work' }, never)).rejects.toMatchObject({
      code: 'WEIR_SQL_TIMEOUT',
    })
    await close()
  })
})
