// Preceding changes, marks and investigations over ClickHouse, compared with the embedded store.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { incident } from '../../src/api/testing/incidents.ts'
import type { FlowBatch } from '../../src/model/batches.ts'
import { startOfDay } from '../../src/store/testing/frames.ts'
import { installChdb } from './install/chdb.ts'
import { bothApis, type BothApis, type Parameters } from './kit/both-apis.ts'
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

const auth = {
  tokens: [
    { name: 'root', token: 'admin' },
    { name: 'shop', token: 'shop', role: 'viewer', namespaces: ['shop'] },
  ],
} as const
const now = startOfDay + 7_200_000
const iso = (ms: number): string => new Date(ms).toISOString()

type Compared = Readonly<{
  lanes?: readonly Readonly<{ name: string }>[]
  notes?: readonly Readonly<{ part: string }>[]
  traffic?: Readonly<{ pairs: readonly Readonly<{ a: number; b: number }>[] }> | null
}>

/** Without names of addresses, which the embedded store of tests resolves itself, and costs, which ClickHouse lacks. */
async function expectSameButCosts({ urls }: BothApis, path: string, parameters: Parameters, token: string) {
  const [embedded, outside] = await Promise.all(
    urls.map(async (url) => {
      const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`, {
        headers: { authorization: `Bearer ${token}` },
      })
      expect(response.status).toBe(200)
      const { lanes, notes, traffic, ...rest } = (await response.json()) as Compared
      return {
        ...rest,
        lanes: lanes?.filter(({ name }) => name !== 'cost'),
        notes: notes?.filter(({ part }) => part !== 'cost'),
        traffic: { ...traffic, pairs: traffic?.pairs.map(({ a, b }) => [a, b]) },
      }
    }),
  )
  expect({ path, parameters, ...outside }).toEqual({ path, parameters, ...embedded })
}

type Candidate = Readonly<{ kind: string; namespace: string | null; name: string }>

/** Every second flow has a round-trip time, every third a DNS latency, every fifth drops. */
function withMeasures(flows: FlowBatch): FlowBatch {
  const valid = (every: number) => {
    const bits = new Uint8Array((flows.count + 7) >> 3)
    for (let row = 0; row < flows.count; row += every) bits[row >> 3] = (bits[row >> 3] ?? 0) | (1 << (row & 7))
    return bits
  }
  const rows = Array.from({ length: flows.count }, (_, row) => row)
  const wide = (of: (row: number) => number, every: number) => ({
    kind: 'u64' as const,
    words: new Uint32Array(BigUint64Array.from(rows, (row) => BigInt(of(row))).buffer),
    valid: valid(every),
  })
  return {
    ...flows,
    columns: {
      ...flows.columns,
      rtt: wide((row) => 1_000_000 + row * 1000, 2),
      dns_latency: { kind: 'f64', values: Float64Array.from(rows, (row) => (row % 7) / 2), valid: valid(3) },
      drop_packets: wide((row) => row % 4, 5),
      drop_bytes: wide((row) => 100 * (row % 4), 5),
    },
  }
}

describe('a seeded incident over ClickHouse', () => {
  // A network policy, and a rollout.
  it.each([1, 2])(
    'has the same candidates, marks and lanes as over the embedded store (seed %i)',
    async (seed) => {
      const apis = await bothApis(server.url, { auth })
      const { events, flows, from, to, filter, culprit } = incident(seed, now)
      await apis.addEvents(events, now)
      await apis.add(withMeasures(flows), now)
      const range = { from: iso(from), to: iso(to) }
      const { candidates, onset } = await apis.expectSame('why', { filter, ...range }, 'admin')
      expect(onset).toBeDefined()
      const found = (candidates as readonly Candidate[]).map(({ kind, namespace, name }) =>
        [kind, namespace, name].filter((part) => part !== null).join('/'),
      )
      expect(found.slice(0, 3)).toContain(culprit)
      await apis.expectSame('why', range, 'shop')
      for (const user of ['admin', 'shop']) await apis.expectSame('marks', { filter, ...range }, user)
      // In the range of the drop some workloads have no flows.
      const longer = { from: iso(from - 1_800_000), to: iso(to) }
      const names: string[] = []
      for (const subject of ['shop/web', 'shop/orders']) {
        const { lanes } = await apis.expectSame('investigate', { subject, ...longer }, 'shop')
        names.push(...(lanes as readonly { name: string }[]).map(({ name }) => name))
      }
      expect(names).toEqual(expect.arrayContaining(['traffic', 'latency', 'drops']))
      await apis.expectSame('investigate', { subject: 'user:c1/alice', ...range }, 'admin')
      await apis.expectSame('investigate', { subject: '10.1.0.1', ...range }, 'admin')
      const image = 'image:registry.example/web'
      for (const user of ['admin', 'shop']) {
        await expectSameButCosts(apis, 'investigate', { subject: image, ...longer }, user)
        const times = { a: iso(from - 600_000), b: iso(to), window: '5m' }
        for (const subject of ['shop/web', image, '10.1.0.1'])
          await expectSameButCosts(apis, 'investigate/moments', { subject, ...times }, user)
      }
      await expectSameButCosts(apis, 'investigate', { subject: 'account:c1', ...range }, 'admin')
      await apis.expectSame('why', { by: 'p95', of: 'rtt', filter, ...range }, 'admin')
    },
    900_000,
  )

  it('has the same changes of cloud resources as over the embedded store', async () => {
    const apis = await bothApis(server.url, { auth })
    const { events, flows, from, to, culprit } = incident(1, now, 'cloud')
    await apis.addEvents(events, now)
    await apis.add(flows, now)
    const { candidates } = await apis.expectSame('why', { from: iso(from), to: iso(to) }, 'admin')
    const [first] = candidates as readonly (Candidate & Readonly<{ is: string; diff: readonly object[] }>)[]
    expect(`${first?.kind}/${first?.name}`).toBe(culprit)
    expect([first?.is, first?.diff]).toEqual([
      'resource',
      [{ op: 'replace', path: '/state', value: 'stopped', old: 'running' }],
    ])
  }, 900_000)
})
