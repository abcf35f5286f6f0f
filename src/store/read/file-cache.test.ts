import { expect, it } from 'vitest'
import { SeededRandom } from '../../../test/kit/random.ts'
import { seeds } from '../../../test/kit/seeds.ts'
import { realHost, type Host } from '../../host/index.ts'
import type { Store } from '../index.ts'
import { msPerHour } from '../names.ts'
import { queryRows } from '../testing/query-rows.ts'
import { FrameMaker, recordingLog, startOfDay } from '../testing/frames.ts'
import { temporaryStores } from '../testing/temporary.ts'
import { traceEvent } from '../testing/traces.ts'

const stores = temporaryStores()

function hostAt(now: () => number): Host {
  const host = realHost()
  return { ...host, clock: { ...host.clock, now } }
}

const moment = (ms: number): string => `make_timestamptz(${Math.round(ms * 1000)})`
const within = (from: number, to: number): string => `time >= ${moment(from)} AND time < ${moment(to)}`
const traces = (from: number, to: number, time: (at: number) => number): ReturnType<typeof traceEvent>[] =>
  Array.from({ length: to - from }, (_, at) => traceEvent(from + at, time(from + at)))

async function hours(store: Store, count: number, perHour: number, set: (now: number) => void): Promise<void> {
  const make = new FrameMaker()
  for (let hour = 0; hour < count; hour++) {
    const now = startOfDay + hour * msPerHour
    set(now)
    await store.projection.apply([
      make.events(
        traces(hour * perHour, (hour + 1) * perHour, () => now),
        now,
      ),
    ])
    await store.projection.commit()
  }
}

async function removeEvents({ disk }: Host, but = ''): Promise<void> {
  for (const name of await disk.list(stores.directory))
    if (name.startsWith('events-') && name !== but) await disk.remove(`${stores.directory}/${name}`)
}

async function judged(store: Store, random: SeededRandom, same: () => Promise<void>): Promise<void> {
  await Promise.all([same(), same()])
  await store.reader.idle()
  if (random.chance(0.7)) while (await store.maintain());
  await Promise.all([same(), random.chance(0.5) ? store.maintain() : same()])
  await store.reader.idle()
  await same()
}

const counted = async ({ reader }: Store): Promise<unknown> =>
  (
    await queryRows(
      reader,
      `SELECT count(*)::INTEGER AS n FROM audit WHERE ${within(startOfDay, startOfDay + 24 * msPerHour)}`,
    )
  )[0]?.['n']

it.each(seeds(1, 20))(
  'cached files return the same results as files while hours close, merge and expire (seed %i)',
  async (seed) => {
    const random = new SeededRandom(seed)
    let now = startOfDay
    const options = {
      host: hostAt(() => now),
      retain: { ageMs: 5 * msPerHour },
      ...(seed % 2 === 1 ? {} : { keptBytes: 64 * random.integer(1, 60) }),
    }
    let store = await stores.open(options)
    const make = new FrameMaker(random.integer(1, 9))
    let made = 0
    const groups =
      'SELECT actor, actor_name, action, service, resource, resource_name, tenant, region, address, outcome, ' +
      'severity, code, source, count(*)::INTEGER AS n, min(time) AS first FROM audit'
    const same = async (): Promise<void> => {
      const from = random.pick([startOfDay, startOfDay, now - 2 * msPerHour, now - random.integer(0, 9 * msPerHour)])
      const span = within(from, from + random.integer(1, 12) * msPerHour)
      const where = `${span} AND actor ${random.pick(['IS NOT NULL', "LIKE '%/u1%'"])}`
      // A statement that selects ids reads the files.
      const [actual, expected] = await Promise.all(
        ['', ' AND id IS NOT NULL'].map(async (more) =>
          (await queryRows(store.reader, `${groups} WHERE ${where}${more} GROUP BY ALL`))
            .map((row) => JSON.stringify(row))
            .sort(),
        ),
      )
      expect(actual).toEqual(expected)
    }
    for (let hour = 0; hour < 9; hour++, now += msPerHour) {
      for (let commit = 0; commit < random.integer(1, 3); commit++) {
        const some = random.integer(1, 20)
        await store.projection.apply([
          make.events(
            traces(made, (made += some), () => now - random.pick([0, 0, random.integer(0, 3 * msPerHour)])),
            now,
          ),
        ])
        await store.projection.commit()
      }
      await judged(store, random, same)
      if (random.chance(0.15)) {
        await stores.close()
        store = await stores.open(options)
      }
    }
  },
)

it('a file of a finished hour is read once for all audit queries, and again for uncached columns', async () => {
  let now = startOfDay
  const [host, log] = [hostAt(() => now), recordingLog()]
  const store = await stores.open({ host, log })
  await hours(store, 3, 10, (time) => (now = time))
  expect(await counted(store)).toBe(30)
  await store.reader.idle()
  await removeEvents(host)
  expect(await counted(store)).toBe(20)
  expect(log.lines.map(({ fields }) => fields['rows'])).toEqual([10])
  expect(
    await queryRows(
      store.reader,
      `SELECT count(*)::INTEGER AS n FROM audit WHERE ${within(startOfDay, now)} AND id <> ''`,
    ),
  ).toEqual([{ n: 0 }])
})

it('the cache is bounded: the newest requested files have priority, then the most recently used', async () => {
  let now = startOfDay
  const [host, log] = [hostAt(() => now), recordingLog()]
  const hour = (at: number): string =>
    `SELECT count(*)::INTEGER AS n FROM audit
      WHERE ${within(startOfDay + at * msPerHour, startOfDay + at * msPerHour + 1000)}`
  const store = await stores.open({ host, log, cacheBytes: 64 * 25 })
  await hours(store, 6, 10, (time) => (now = time))
  expect(await counted(store)).toBe(60)
  await store.reader.idle()
  const oldest = (await host.disk.list(stores.directory)).filter((name) => name.startsWith('events-')).sort()[0] ?? ''
  await removeEvents(host, oldest)
  const left = async (...of: number[]): Promise<unknown[]> => {
    const rows = []
    for (const at of of) rows.push((await queryRows(store.reader, hour(at)))[0]?.['n'])
    await store.reader.idle()
    return rows
  }
  expect(await left(4, 3)).toEqual([10, 10])
  expect(await left(0)).toEqual([10])
  await removeEvents(host)
  expect(await left(0, 2, 4)).toEqual([10, 0, 0])
})

it('a query without a start time caches nothing', async () => {
  let now = startOfDay
  const [host, log] = [hostAt(() => now), recordingLog()]
  const store = await stores.open({ host, log })
  await hours(store, 3, 10, (time) => (now = time))
  expect(await queryRows(store.reader, 'SELECT count(*)::INTEGER AS n FROM audit')).toEqual([{ n: 30 }])
  await store.reader.idle()
  await removeEvents(host)
  // Another statement, since the result of the first is in memory.
  expect(await queryRows(store.reader, 'SELECT count(*)::INTEGER AS rest FROM audit')).toEqual([{ rest: 0 }])
})

it('no statement can name the cache tables', async () => {
  const store = await stores.filled()
  for (const name of ['kept_1.traces', 'kept_1.main.traces', '"KEPT_1".traces'])
    await expect(queryRows(store.reader, `SELECT * FROM ${name}`)).rejects.toThrow('There is no table')
})
