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
  // A network policy, a rollout, and the state of a machine.
  it.each([
    [1, 'cluster'],
    [2, 'cluster'],
    [1, 'cloud'],
  ] as const)(
    'has the same candidates, marks and lanes as over the embedded store (seed %i, %s)',
    async (seed, where) => {
      const apis = await bothApis(server.url, { auth })
      const { events, flows, from, to, filter, culprit } = incident(seed, now, where)
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
      const machine = { subject: 'exoscale:org/ch-gva-2/instance/i-n1', ...range }
      await apis.expectSame('investigate', machine, 'admin')
    },
    300_000,
  )
})
