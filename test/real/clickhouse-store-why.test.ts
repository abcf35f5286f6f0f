// Preceding changes, marks and investigations over ClickHouse, compared with the embedded store.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { incident } from '../../src/api/testing/incidents.ts'
import { startOfDay } from '../../src/store/testing/frames.ts'
import { installChdb } from './install/chdb.ts'
import { bothApis } from './kit/both-apis.ts'
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

type Candidate = Readonly<{ kind: string; namespace: string | null; name: string }>

describe('a seeded incident over ClickHouse', () => {
  // A network policy, and a rollout.
  it.each([1, 2])(
    'has the same candidates, marks and lanes as over the embedded store (seed %i)',
    async (seed) => {
      const apis = await bothApis(server.url, { auth })
      const { events, flows, from, to, filter, culprit } = incident(seed, now)
      await apis.addEvents(events, now)
      await apis.add(flows, now)
      const range = { from: iso(from), to: iso(to) }
      const { candidates, onset } = await apis.expectSame('why', { filter, ...range }, 'admin')
      expect(onset).toBeDefined()
      const names = (candidates as readonly Candidate[]).map(({ kind, namespace, name }) =>
        [kind, namespace, name].filter((part) => part !== null).join('/'),
      )
      expect(names.slice(0, 3)).toContain(culprit)
      await apis.expectSame('why', range, 'shop')
      for (const user of ['admin', 'shop']) await apis.expectSame('marks', { filter, ...range }, user)
      await apis.expectSame('investigate', { subject: 'shop/orders', ...range }, 'shop')
      await apis.expectSame('investigate', { subject: 'user:c1/alice', ...range }, 'admin')
      await apis.expectSame('investigate', { subject: '10.1.0.1', ...range }, 'admin')
    },
    300_000,
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
