// Money of transfers over ClickHouse, compared with the embedded store.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { start } from '../../src/api/testing/kit.ts'
import { RecordingControl } from '../../src/api/testing/recording-control.ts'
import { realHost, type Host } from '../../src/host/index.ts'
import { clickhouseSettings } from '../../src/query/index.ts'
import { identity, resourceEvent } from '../../src/store/testing/cluster.ts'
import { startOfDay } from '../../src/store/testing/frames.ts'
import { temporaryStores } from '../../src/store/testing/temporary.ts'
import { readPriceList } from '../../src/topics/transfers/price-list.ts'
import type { Transfers } from '../../src/topics/transfers/schema.ts'
import { batchOf, worldOf } from '../../src/topics/transfers/testing/world.ts'
import { SeededRandom } from '../kit/random.ts'
import { seeds } from '../kit/seeds.ts'
import { installChdb } from './install/chdb.ts'
import { bothStores } from './kit/both-stores.ts'
import { startChdb, type ChdbServer } from './kit/chdb.ts'

let server: ChdbServer

beforeAll(async () => {
  if ((await installChdb()).path !== undefined) server = await startChdb()
}, 180_000)

beforeEach(async (context) => {
  const installed = await installChdb()
  if (installed.path === undefined) context.skip(installed.reason)
})

afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
})

const stores = temporaryStores()
const host: Host = { ...realHost(), clock: { ...realHost().clock, now: () => startOfDay + 7_200_000 } }
const span = {
  from: new Date(startOfDay - 7_200_000).toISOString(),
  to: new Date(startOfDay + 3_600_000).toISOString(),
}
const auth = {
  tokens: [
    { name: 'root', token: 'admin' },
    { name: 'shop', token: 'shop', role: 'viewer', namespaces: ['shop'] },
  ],
} as const

const list = readPriceList(
  `
name: Test
date: 2026-11-01
provider: aws
currency: EUR
zone_region: '^(.*)-[a-z]$'
prices:
  - { kind: cross_zone, price: '0.02' }
  - { kind: cross_region, price: '0.03', region: us-1 }
  - { kind: egress, price: '0.09' }
  - { kind: egress, price: '0.11', region: us-1 }
  - { kind: nat, price: '0.045' }
`,
  'prices.yaml',
)

it.each(seeds(2, 10))('sums, teams and the view are those of the embedded store, seed %i', async (seed) => {
  const rules = [
    { list, clusters: ['c1'], nat: true, inbound: true },
    { list: { ...list, currency: 'USD' }, clusters: [], nat: false, inbound: false },
  ]
  const transferSettings = () => Promise.resolve({ rules, team: 'team' })
  const store = await stores.open({ resolver: { generation: 1, resolve: () => ({ is: 'unknown' }) } })
  const both = await bothStores(server.url, `transfers_${seed}`, store, clickhouseSettings)
  const urls: string[] = []
  for (const reader of [both.embedded, both.outside]) {
    const control = new RecordingControl()
    control.store = reader
    urls.push((await start({ auth, control, host, transferSettings })).api.url)
  }
  const world = worldOf(new SeededRandom(seed), 300)
  for (const cluster of ['c1', '']) await both.add(batchOf(world, startOfDay, cluster), startOfDay)
  const time = new Date(startOfDay - 3_600_000).toISOString()
  const [one, two] = ['shop', 'vault'].map((namespace) =>
    world.ends.find((end) => end.namespace === namespace && end.kind === 'Pod'),
  )
  await both.addEvents([
    resourceEvent(identity('Namespace/shop'), time, { labels: { team: 'web' } }),
    resourceEvent(identity(`Deployment/shop/${one?.owner}`), time, { labels: { team: 'one' } }),
    resourceEvent(identity(`Deployment/vault/${two?.owner}`), time, { labels: { team: 'two' } }),
  ])
  for (const token of ['admin', 'shop'])
    for (const query of [{}, { by: 'workload' }, { by: 'team' }, { by: 'zones' }, { by: 'namespace', limit: '2' }]) {
      const [embedded, outside] = await Promise.all(
        urls.map(async (url) => {
          const search = new URLSearchParams({ ...span, ...query }).toString()
          const response = await fetch(`${url}/api/v1/transfers?${search}`, {
            headers: { authorization: `Bearer ${token}` },
          })
          const { invoice: _, since: _since, ...body } = (await response.json()) as Transfers
          return { query, status: response.status, body }
        }),
      )
      expect(embedded?.status).toBe(200)
      expect(embedded?.body.currencies.length).toBe(2)
      expect(outside).toEqual(embedded)
      if (token === 'admin' && 'by' in query && query.by === 'team')
        expect(embedded?.body.currencies[0]?.groups.map(({ from }) => from).toSorted()).toEqual(
          expect.arrayContaining(['one', 'two', 'web']),
        )
    }
  const rows = await Promise.all(
    [both.embedded, both.outside].map(async (reader) => {
      const pieces: Uint8Array[] = []
      const statement =
        'SELECT path, counted, count(*) AS n, max(src_zone) AS zone FROM transfers GROUP BY path, counted ' +
        'ORDER BY path, counted'
      for await (const piece of await reader.query(statement, 'json', new AbortController().signal)) pieces.push(piece)
      return JSON.parse(Buffer.concat(pieces).toString('utf8')) as unknown
    }),
  )
  expect(rows[1]).toEqual(rows[0])
  await both.close()
})
