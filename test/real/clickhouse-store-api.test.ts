// Flows, sums, conversations, exports and completions of the API over ClickHouse, compared with the embedded store.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { start } from '../../src/api/testing/kit.ts'
import { all, namespacedFlows, own, withPeers } from '../../src/api/testing/namespaces.ts'
import { orderedFlows, orderedPositions, quotedMember } from '../../src/api/testing/ordered-members.ts'
import { RecordingControl } from '../../src/api/testing/recording-control.ts'
import { realHost, type Host } from '../../src/host/index.ts'
import { clickhouseSettings } from '../../src/query/index.ts'
import { conversationRanks } from '../../src/query/plan/index.ts'
import { anyFlows } from '../../src/store/testing/any-flows.ts'
import { startOfDay } from '../../src/store/testing/frames.ts'
import { temporaryStores } from '../../src/store/testing/temporary.ts'
import { SeededRandom } from '../kit/random.ts'
import { installChdb } from './install/chdb.ts'
import { bothStores, type BothStores } from './kit/both-stores.ts'
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

type Body = Readonly<Record<string, unknown>>
type Parameters = Readonly<Record<string, string>>
interface Answer {
  readonly status: number
  readonly text: string
}

const span = {
  from: new Date(startOfDay - 7_200_000).toISOString(),
  to: new Date(startOfDay + 7_200_000).toISOString(),
}
/** Cursors have the time of the request. */
const host: Host = { ...realHost(), clock: { ...realHost().clock, now: () => startOfDay + 7_200_000 } }
const viewer = { role: 'viewer', namespaces: ['shop'] } as const
const auth = {
  tokens: [
    { name: 'root', token: 'admin' },
    { name: 'own', token: 'own', ...viewer },
    { name: 'peers', token: 'peers', peers: 'shown', ...viewer },
    { name: 'odd', token: 'odd', role: 'viewer', namespaces: ["') OR 1=1 --", '\\'] },
    { name: 'none', token: 'none', role: 'viewer', namespaces: [] },
  ],
} as const

class BothApis implements AsyncDisposable {
  readonly #stores: BothStores
  readonly #urls: readonly string[]

  private constructor(both: BothStores, urls: readonly string[]) {
    this.#stores = both
    this.#urls = urls
  }

  static async open(): Promise<BothApis> {
    // Sinks get resolved rows; here neither store resolves.
    const store = await stores.open({ resolver: { generation: 1, resolve: () => ({ is: 'unknown' }) } })
    const both = await bothStores(server.url, `api_flows_${++databases}`, store, clickhouseSettings)
    const urls: string[] = []
    for (const reader of [both.embedded, both.outside]) {
      const control = new RecordingControl()
      control.store = reader
      urls.push((await start({ auth, control, host })).api.url)
    }
    return new BothApis(both, urls)
  }

  get add(): BothStores['add'] {
    return this.#stores.add
  }

  /** By the embedded store, then by ClickHouse. */
  async each(path: string, parameters: Parameters, user = 'admin', body?: Body): Promise<readonly [Answer, Answer]> {
    const headers = { authorization: `Bearer ${user}` }
    const [left, right] = await Promise.all(
      this.#urls.map(async (url) => {
        const answer = await fetch(
          `${url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`,
          body === undefined
            ? { headers }
            : {
                method: 'POST',
                headers: { ...headers, 'content-type': 'application/json' },
                body: JSON.stringify(body),
              },
        )
        return { status: answer.status, text: await answer.text() }
      }),
    )
    return [left as Answer, right as Answer]
  }

  /** The response of both, which is the same. */
  async get(path: string, parameters: Parameters, user = 'admin', body?: Body): Promise<Body> {
    const [left, right] = await this.each(path, body === undefined ? { ...span, ...parameters } : {}, user, body)
    const request = `${path} ${JSON.stringify(body ?? parameters)} ${user}`
    expect({ request, ...left }).toMatchObject({ status: 200 })
    expect({ request, ...right }).toMatchObject({ status: 200 })
    const [expected, found] = [left, right].map(({ text }) => comparable(JSON.parse(text) as Body))
    expect({ request, ...found }).toEqual({ request, ...expected })
    return JSON.parse(right.text) as Body
  }

  parquet(query: Parameters): Promise<readonly Uint8Array[]> {
    const search = new URLSearchParams({ ...query, format: 'parquet' }).toString()
    return Promise.all(
      this.#urls.map(async (url) => {
        const answer = await fetch(`${url}/api/v1/export?${search}`, { headers: { authorization: 'Bearer admin' } })
        expect(answer.status).toBe(200)
        return new Uint8Array(await answer.arrayBuffer())
      }),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stores.close()
  }
}

/** Means are rounded: the order of their summands differs. */
function comparable({ columns, rows, ...body }: Body): Body {
  const names = Array.isArray(columns) ? (columns as readonly { name: string }[]).map(({ name }) => name) : []
  const rounded = Array.isArray(rows)
    ? (rows as readonly (readonly unknown[])[]).map((row) =>
        row.map((cell, at) =>
          /(?:^|_)avg$/.test(names[at] ?? '') && typeof cell === 'number' ? Number(cell.toPrecision(12)) : cell,
        ),
      )
    : rows
  return { ...body, columns, rows: rounded }
}

async function filled(seed: number): Promise<BothApis> {
  const apis = await BothApis.open()
  const random = new SeededRandom(seed)
  for (let batch = 0; batch < 4; batch++)
    await apis.add(anyFlows(random, 60, 0.7, startOfDay).batch, startOfDay + batch * 61_000)
  await apis.add(namespacedFlows(startOfDay), startOfDay)
  return apis
}

const filters = ['', 'src.namespace = shop', 'any.port < 1024 and not proto = udp', 'bytes > 1k or not exists(rtt)']

const requests: readonly (readonly [string, Parameters])[] = [
  ['series', {}],
  ['series', { step: '1m', group: 'src_namespace' }],
  ['series', { step: '30s', group: 'proto,dst_port', limit: '2', by: 'flows' }],
  ['series', { group: 'src_endpoint', filter: 'bytes > 100', time: 'time_received' }],
  ['series', { of: 'rtt', by: 'p99', group: 'proto' }],
  ['series', { of: 'bytes', step: '5m' }],
  ['series', { offset: '1h' }],
  ['topology', {}],
  ['topology', { scope: 'namespace' }],
  ['topology', { scope: 'endpoint', by: 'packets', limit: '3' }],
  ['topology', { scope: 'name,label', filter: 'src.namespace = shop or bytes > 10' }],
  ['topology', { scope: 'addr', of: 'rtt', by: 'max' }],
  ['topology', { scope: 'addr', of: 'bytes', by: 'avg', limit: '5' }],
  ['topology', { scope: 'namespace', by: 'drop_bytes' }],
  ...conversationRanks.map((by) => ['conversations', { by, limit: '20' }] as const),
  ['flows/distinct', { fields: 'src_addr,dst_addr,proto,src_port,service_port' }],
  ['flows/distinct', { fields: 'src_endpoint,exporter_addr', filter: 'dst.port = 443' }],
  ['conversations', { filter: 'dst.port = 443', both_ways: 'false' }],
]

const completions: readonly Body[] = [
  ...['src.namespace', 'any.port', 'proto', 'src.addr', 'interfaces', 'src_mac', 'tcp_flags'].map((field) => ({
    field,
    prefix: '',
  })),
  { field: 'any.namespace', prefix: 'sh' },
  { field: 'src.addr', prefix: '10.' },
  { field: 'dst.port', prefix: '4' },
  { field: 'dst.namespace', prefix: '', filter: 'src.namespace = shop' },
]

describe('the API over ClickHouse', () => {
  it('responds with sums, conversations and completions of the embedded store', async () => {
    await using apis = await filled(26)
    for (const [path, parameters] of requests) expect(await apis.get(path, parameters)).toHaveProperty('rows')
    for (const body of completions)
      expect(await apis.get('complete', {}, 'admin', { ...span, ...body })).toHaveProperty('values')
    await sameNames(apis, 'admin')
  }, 480_000)

  it.each(['-time_received', 'src_addr', '-bytes_est,time_end', 'dst_name,-rtt'])(
    'responds with the same pages sorted by %s',
    async (sort) => {
      await using apis = await filled(27)
      for (const filter of filters) {
        let count = 0
        for (let cursor: string | undefined; ;) {
          const page = await apis.get('flows', {
            filter,
            sort,
            limit: '40',
            columns: '*',
            ...(cursor === undefined ? {} : { cursor }),
          })
          count += (page['rows'] as unknown[]).length
          if (typeof page['next'] !== 'string') break
          cursor = page['next']
        }
        expect(count).toBeGreaterThan(filter === '' ? 248 : 0)
      }
    },
    480_000,
  )

  it.each(['', '-'])(
    'responds with the same pages sorted by a member of extra: %s',
    async (sign) => {
      await using apis = await BothApis.open()
      await apis.add(orderedFlows(startOfDay), startOfDay)
      const sort = sign + quotedMember.replaceAll(/[\\,]/g, String.raw`\$&`)
      for (const store of [0, 1] as const) {
        const found: unknown[] = []
        let cursor: unknown
        do {
          const parameters = { ...span, sort, limit: '8', columns: 'bytes' }
          const pages = await apis.each('flows', typeof cursor === 'string' ? { ...parameters, cursor } : parameters)
          const page = JSON.parse(pages[store].text) as Body
          found.push(...(page['rows'] as unknown[][]).flat())
          cursor = page['next']
        } while (typeof cursor === 'string')
        expect(found).toEqual(orderedPositions(sign === '-'))
      }
      const [left, right] = await apis.each('export', { ...span, columns: 'bytes,extra', sort, format: 'csv' })
      expect(right).toEqual(left)
    },
    120_000,
  )

  it('exports the same rows as CSV, NDJSON and Parquet', async () => {
    await using apis = await filled(28)
    const query = { ...span, columns: '*', sort: 'time_received,-src_addr,_pos' }
    for (const format of ['csv', 'ndjson']) {
      const [left, right] = await apis.each('export', { ...query, format })
      expect(right).toEqual(left)
      expect(right.text.trim().split('\n').length).toBeGreaterThan(200)
    }
    await using duckdb = await parquetReader()
    const [left, right] = await duckdb.rows(apis, query)
    expect(left).toHaveLength(249)
    expect(right).toEqual(left)
  }, 120_000)

  it('hides flows of other namespaces from a role in every response', async () => {
    await using apis = await BothApis.open()
    await apis.add(namespacedFlows(startOfDay), startOfDay)
    const visible: readonly (readonly [string, number])[] = [
      ['admin', all],
      ['own', own],
      ['peers', withPeers],
      ['odd', 0],
      ['none', 0],
    ]
    for (const [user, bytes] of visible) {
      const { total } = (await apis.get('topology', { scope: 'namespace' }, user)) as { total: { bytes: number } }
      expect({ user, bytes: total.bytes }).toEqual({ user, bytes })
      for (const [at, [path, parameters]] of requests.entries())
        if (bytes > 0 || at % 4 === 0) await apis.get(path, parameters, user)
      for (const body of completions) await apis.get('complete', {}, user, { ...span, ...body })
      await sameNames(apis, user)
      await apis.get('flows', { columns: '*' }, user)
      const [left, right] = await apis.each(
        'export',
        { ...span, format: 'ndjson', columns: 'bytes', sort: 'bytes' },
        user,
      )
      expect(right).toEqual(left)
      const lines = right.text.split('\n').filter((line) => line !== '')
      const sum = lines.reduce((before, line) => before + (JSON.parse(line) as { bytes: number }).bytes, 0)
      expect({ user, sum }).toEqual({ user, sum: bytes })
      const [, sql] = await apis.each('sql', {}, user, { sql: 'SELECT count(*) AS n FROM flows' })
      expect(sql.status).toBe(user === 'admin' ? 200 : 403)
    }
    // By no filter, sort or group.
    for (const filter of ['src.namespace = vault', 'not src.namespace = shop', 'bytes > 0 or src.namespace = vault'])
      for (const [path, parameters] of [
        ['flows', { columns: '*', sort: 'src_namespace' }],
        ['topology', { scope: 'namespace,addr' }],
        ['series', { group: 'src_namespace,dst_namespace' }],
        ['conversations', {}],
      ] as const) {
        const body = await apis.get(path, { ...parameters, filter }, 'own')
        expect(JSON.stringify(body)).not.toMatch(/vault|10\.2\./)
      }
  }, 480_000)
})

/** Names come without their use until it is counted. */
async function sameNames(apis: BothApis, user: string): Promise<void> {
  for (const prefix of ['', 'src']) {
    const both = () => apis.each('complete', {}, user, { ...span, prefix })
    await expect
      .poll(
        async () => {
          const [left, right] = await both()
          return right.status === 200 && right.text === left.text
        },
        { timeout: 20_000 },
      )
      .toBe(true)
      .catch(async () => {
        const [left, right] = (await both()).map(({ text }) => (JSON.parse(text) as { fields: object[] }).fields)
        expect({ user, prefix, fields: right }).toEqual({ user, prefix, fields: left })
      })
  }
}

async function parquetReader() {
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  return {
    async rows(apis: BothApis, query: Parameters): Promise<readonly unknown[][]> {
      const files = await apis.parquet(query)
      const all: unknown[][] = []
      for (const [at, bytes] of files.entries()) {
        const path = join(stores.home, `${at}.parquet`)
        await writeFile(path, bytes)
        all.push((await connection.runAndReadAll(`SELECT * FROM '${path}'`)).getRowsJson())
      }
      return all
    },
    async [Symbol.asyncDispose]() {
      connection.closeSync()
    },
  }
}
