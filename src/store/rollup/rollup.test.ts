import { expect, it } from 'vitest'
import { SeededRandom } from '../../../test/kit/random.ts'
import { seeds } from '../../../test/kit/seeds.ts'
import { realHost, type Host } from '../../host/index.ts'
import { duckdb } from '../../query/index.ts'
import { flowTimeSql } from '../../query/plan/index.ts'
import type { Store } from '../index.ts'
import { msPerHour } from '../names.ts'
import { isServicePort } from '../../model/service-port.ts'
import { dimensions, rollups, stepMs } from './schema.ts'
import { anyFlows } from '../testing/any-flows.ts'
import { queryRows } from '../testing/query-rows.ts'
import { FrameMaker, startOfDay } from '../testing/frames.ts'
import { temporaryStores } from '../testing/temporary.ts'

const stores = temporaryStores()

function hostAt(now: () => number): Host {
  const host = realHost()
  return { ...host, clock: { ...host.clock, now } }
}

/** Text, because sums can exceed JSON numbers. */
const sums = ['bytes', 'packets', 'bytes_est', 'packets_est']
  .map((name) => `coalesce(sum(${name}), 0)::VARCHAR AS ${name}`)
  .join(', ')
const listed = Array.from({ length: 65_536 }, (_, port) => port)
  .filter(isServicePort)
  .join(', ')

function raw(name: string): string {
  return name.endsWith('_port') ? `CASE WHEN ${name} IN (${listed}) THEN ${name} END` : name
}

async function same(store: Store, names = dimensions.map(({ name }) => name)): Promise<void> {
  for (const rollup of rollups) {
    const step = stepMs[rollup] / 1000
    const time = `to_timestamp(floor(epoch(${flowTimeSql(duckdb)}) / ${step}) * ${step})`
    const flows = await queryRows(
      store.reader,
      `SELECT ${time} AS time, ${names.map((name) => `${raw(name)} AS "${name}"`).join(', ')},
        count(*)::VARCHAR AS flows, ${sums} FROM flows GROUP BY ALL ORDER BY ALL`,
    )
    const rolled = await queryRows(
      store.reader,
      `SELECT time, ${names.join(', ')}, sum(flows)::VARCHAR AS flows, ${sums} FROM ${rollup} GROUP BY ALL
        ORDER BY ALL`,
    )
    expect(flows.length).toBeGreaterThan(0)
    expect({ rollup, rolled }).toEqual({ rollup, rolled: flows })
  }
}

it.each(seeds(1, 4))(
  'sums over every rollup equal those over the flows by every dimension, after commits, a lost commit, merges ' +
    'and retention (seed %i)',
  async (seed) => {
    const random = new SeededRandom(seed)
    let now = startOfDay
    const options = {
      host: hostAt(() => now),
      retain: {
        rollupAgesMs: { flows_1m: 3 * msPerHour, flows_5m: 3 * msPerHour, flows_1h: 3 * msPerHour },
        ageMs: 3 * msPerHour,
      },
    }
    let store = await stores.open(options)
    const make = new FrameMaker()
    const some = () =>
      make.batch(anyFlows(random, random.pick([1, 7, 40]), random.pick([0.3, 0.8, 1]), now).batch, now, 'netflow')
    const fill = async (commits: number): Promise<void> => {
      for (let i = 0; i < commits; i++) {
        await store.projection.apply([some(), some()])
        await store.projection.commit()
      }
    }
    await fill(3)
    await same(store)
    const lost = [some(), some()]
    await store.projection.apply(lost)
    await stores.close()
    store = await stores.open(options)
    await store.projection.apply(lost)
    await store.projection.commit()
    await fill(14)
    await store.maintain()
    await same(store)
    now += msPerHour
    await fill(2)
    now += 2 * 60_000
    while (await store.maintain());
    await fill(2)
    await same(store)
    now += 2 * msPerHour
    while (await store.maintain());
    await same(store)
    now = startOfDay + 4 * msPerHour + 1
    while (await store.maintain());
    expect((await queryRows(store.reader, 'SELECT count(*) > 0 AS some FROM flows'))[0]).toEqual({ some: true })
    await same(store)
  },
)

it('excess groups are counted with less detail, and every sum is preserved', async () => {
  let now = startOfDay
  const store = await stores.open({ host: hostAt(() => now) })
  const make = new FrameMaker()
  // 6000 pairs of ends at 3000 pairs of interfaces; the last are the largest, some beyond 64 bits in total.
  const count = 6000
  const ip = (host: (row: number) => number) => ({
    kind: 'ip' as const,
    words: Uint32Array.from({ length: 4 * count }, (_, i) => [0, 0, 0xffff, 0x0a000000 + host(i >> 2)][i & 3] ?? 0),
  })
  for (let frame = 0; frame < 3; frame++) {
    await store.projection.apply([
      make.batch(
        {
          kind: 'flows',
          count,
          dictionary: [''],
          columns: {
            src_addr: ip((row) => row),
            dst_addr: ip((row) => 7 * row),
            exporter_addr: ip(() => 1),
            proto: { kind: 'u8', values: new Uint8Array(count).fill(6) },
            in_if: { kind: 'u32', values: Uint32Array.from({ length: count }, (_, row) => row % 3000) },
            dst_port: {
              kind: 'u16',
              values: Uint16Array.from({ length: count }, (_, row) => (row % 2 === 0 ? 443 : 50_000)),
            },
            bytes: {
              kind: 'u64',
              words: Uint32Array.from({ length: 2 * count }, (_, i) => (i % 2 === 0 ? i : i > 11_000 ? 0xffffffff : 0)),
            },
            packets: { kind: 'u64', words: Uint32Array.from({ length: 2 * count }, (_, i) => (i % 2 === 0 ? 1 : 0)) },
            sampling: { kind: 'u32', values: new Uint32Array(count).fill(1000) },
          },
        },
        startOfDay,
        'netflow',
      ),
    ])
    await store.projection.commit()
  }
  const exact = ['exporter_addr', 'proto']
  await same(store, exact)
  const levels = async (rollup: string): Promise<unknown> =>
    await queryRows(store.reader, `SELECT folded, count(*) AS groups FROM ${rollup} GROUP BY ALL ORDER BY 1`)
  expect(await levels('flows_1m')).toEqual([
    { folded: 0, groups: 3 * 2048 },
    { folded: 1, groups: 3 * 2048 },
    { folded: 2, groups: 3 },
  ])
  now += 2 * msPerHour
  while (await store.maintain());
  await same(store, exact)
  expect(await levels('flows_1m')).toEqual([
    { folded: 0, groups: 2048 },
    { folded: 1, groups: 2048 },
    { folded: 2, groups: 1 },
  ])
  const [largest] = await queryRows(
    store.reader,
    'SELECT src_addr, bytes::VARCHAR AS bytes FROM flows_1h WHERE folded = 0 ORDER BY bytes DESC, src_addr LIMIT 1',
  )
  const of = await queryRows(
    store.reader,
    `SELECT sum(bytes)::VARCHAR AS bytes FROM flows WHERE src_addr = '${String(largest?.['src_addr'])}'`,
  )
  expect(of).toEqual([{ bytes: largest?.['bytes'] }])
})
