import { expect, it } from 'vitest'
import { seedEvents, seedFlows } from '../../../test/graph/seed.ts'
import type { Store } from '../index.ts'
import { queryRows } from '../testing/query-rows.ts'
import { FrameMaker } from '../testing/frames.ts'
import { temporaryStores } from '../testing/temporary.ts'

const stores = temporaryStores()

async function seeded(): Promise<Store> {
  const store = await stores.open()
  const make = new FrameMaker()
  for (const event of seedEvents()) await store.projection.apply([make.events([event], event.time)])
  await store.projection.apply([make.batch(seedFlows(), Date.UTC(2026, 10, 20, 12), 'flows')])
  await store.projection.commit()
  return store
}

const at = (time: string): string => `2026-11-20T${time}.000Z`

it('an audit event relates to its actor, resource and status at its time', async () => {
  const { reader } = await seeded()
  const moment = { valid_from: at('09:55:00'), valid_to: at('09:55:00') }
  expect(
    await queryRows(
      reader,
      "SELECT relation, to_ref, valid_from, valid_to FROM relations WHERE from_ref = 'trace-9' ORDER BY relation",
    ),
  ).toEqual([
    { relation: 'applied-on', to_ref: 'otc:p1/ecs/ecs/vm-2', ...moment },
    { relation: 'performed-by', to_ref: 'user:d1/u-deployer', ...moment },
    { relation: 'with-status', to_ref: 'status:normal', ...moment },
  ])
})

it('resources, tenants and sessions relate to tenant, region and actor since their first audit event', async () => {
  const { reader } = await seeded()
  expect(
    await queryRows(
      reader,
      `SELECT * FROM relations WHERE relation IN ('located-at', 'assumed-by') OR from_ref = 'otc:p1/ecs/ecs/vm-1'
        ORDER BY relation, from_ref`,
    ),
  ).toEqual([
    {
      from_ref: 'user:d1/u-deployer',
      relation: 'assumed-by',
      to_ref: 'user:d2/u-carol',
      valid_from: at('09:55:00'),
      valid_to: null,
    },
    {
      from_ref: 'tenant:d1/p1',
      relation: 'located-at',
      to_ref: 'region:eu-de',
      valid_from: '2026-11-02T08:00:00.000Z',
      valid_to: null,
    },
    {
      from_ref: 'tenant:d1/p2',
      relation: 'located-at',
      to_ref: 'region:eu-nl',
      valid_from: '2026-11-19T10:00:00.000Z',
      valid_to: null,
    },
    {
      from_ref: 'otc:p1/ecs/ecs/vm-1',
      relation: 'member-of',
      to_ref: 'tenant:d1/p1',
      valid_from: '2026-11-02T08:00:00.000Z',
      valid_to: null,
    },
  ])
})

it('a change relates to its object, and to the user of its request if known', async () => {
  const { reader } = await seeded()
  const changes = await queryRows(
    reader,
    `SELECT o.to_ref AS object, p.to_ref AS actor FROM relations o LEFT JOIN relations p ON p.from_ref = o.from_ref
      AND p.relation = 'performed-by' WHERE o.relation = 'applied-on' AND o.from_ref IN (SELECT id FROM changes)
      ORDER BY o.valid_from`,
  )
  expect(changes).toEqual([
    { object: 'k8s:c1/apps/StatefulSet/shop/db', actor: 'user:c1/k-bob' },
    { object: 'k8s:c1/apps/Deployment/shop/api', actor: 'user:c1/k-alice' },
    { object: 'k8s:c1/apps/ReplicaSet/shop/api-2', actor: 'user:c1/k-dc' },
    { object: 'k8s:c1//ConfigMap/shop/old', actor: 'user:c1/k-alice' },
    { object: 'k8s:c1/apps/Deployment/shop/web', actor: 'user:c1/k-ci' },
    { object: 'k8s:c1/apps/Deployment/pay/worker', actor: null },
  ])
})

it('workload communication is summed by hour, without ends that are not workloads', async () => {
  const { reader } = await seeded()
  const [web, api] = ['k8s:c1/apps/Deployment/shop/web', 'k8s:c1/apps/Deployment/shop/api']
  expect(
    await queryRows(
      reader,
      `SELECT hour, bytes, packets, flows FROM traffic WHERE from_ref = '${web}' AND to_ref = '${api}' ORDER BY hour`,
    ),
  ).toEqual([
    { hour: at('09:00:00'), bytes: 100_000, packets: 100, flows: 2 },
    { hour: at('10:00:00'), bytes: 30_000, packets: 30, flows: 1 },
    { hour: at('11:00:00'), bytes: 8000, packets: 8, flows: 1 },
  ])
  expect(
    await queryRows(
      reader,
      `SELECT valid_from, valid_to FROM relations WHERE relation = 'talks-to' AND from_ref = '${api}'
        AND to_ref = '${web}'`,
    ),
  ).toEqual([{ valid_from: at('10:00:00'), valid_to: at('11:00:00') }])
  expect(await queryRows(reader, "SELECT DISTINCT from_ref FROM traffic WHERE to_ref LIKE '%gateway'")).toEqual([
    { from_ref: 'k8s:c1/batch/CronJob/batch/report' },
  ])
})

it('restricting relations by name does not change results, in any notation', async () => {
  const { reader } = await seeded()
  const of = async (sql: string): Promise<unknown> =>
    queryRows(reader, `SELECT relation, count(*) AS n FROM (${sql}) GROUP BY relation ORDER BY relation`)
  const all = (await queryRows(
    reader,
    'SELECT relation, count(*) AS n FROM relations GROUP BY relation ORDER BY relation',
  )) as { relation: string }[]
  expect(all.map(({ relation }) => relation)).toEqual([
    'applied-on',
    'assumed-by',
    'in-namespace',
    'located-at',
    'member-of',
    'owned-by',
    'performed-by',
    'provided-by',
    'runs-on',
    'talks-to',
    'uses-image',
    'with-status',
  ])
  for (const count of all)
    expect(await of(`SELECT * FROM relations WHERE relation = '${count.relation}'`)).toEqual([count])
  const some = all.filter(({ relation }) => ['owned-by', 'talks-to'].includes(relation))
  expect(await of("SELECT * FROM relations WHERE relation IN ('owned-by', 'talks-to')")).toEqual(some)
  expect(
    await of(
      `SELECT * FROM relations WHERE relation = 'owned-by' UNION ALL SELECT * FROM relations
        WHERE 'talks-to' = relation`,
    ),
  ).toEqual(some)
  expect(await of("SELECT * FROM relations WHERE relation = 'owned-by' OR relation = 'talks-to'")).toEqual(some)
  expect(await of("SELECT * FROM relations WHERE relation NOT IN ('owned-by')")).toEqual(
    all.filter(({ relation }) => relation !== 'owned-by'),
  )
  expect(await of("SELECT * FROM relations WHERE relation = 'no such'")).toEqual([])
})
