import { expect, it } from 'vitest'
import { SeededRandom } from '../../../test/kit/random.ts'
import { seeds } from '../../../test/kit/seeds.ts'
import { realHost, type Host } from '../../host/index.ts'
import type { Family } from '../../model/batches.ts'
import type { WeirEvent } from '../../model/events.ts'
import type { Store } from '../index.ts'
import { msPerHour } from '../names.ts'
import type { StoredFile } from '../record.ts'
import { anyFlows } from '../testing/any-flows.ts'
import { queryRows } from '../testing/query-rows.ts'
import { event, FrameMaker, recordingLog, startOfDay } from '../testing/frames.ts'
import { temporaryStores } from '../testing/temporary.ts'
import { happenedWithin } from './receipt.ts'

const stores = temporaryStores()

function hostAt(now: () => number): Host {
  const host = realHost()
  return { ...host, clock: { ...host.clock, now } }
}

const moment = (ms: number): string => `make_timestamptz(${Math.round(ms * 1000)})`
const within = (column: string, from: number, to: number): string =>
  `${column} >= ${moment(from)} AND ${column} < ${moment(to)}`
const ids = async ({ reader }: Store, view: string, from: number, to: number): Promise<unknown[]> =>
  (await queryRows(reader, `SELECT id FROM ${view} WHERE ${within('time', from, to)} ORDER BY id`)).map(({ id }) => id)

it.each(seeds(2, 20))(
  'time bounds return every event within them, also after merges and the loss of the manifest (seed %i)',
  async (seed) => {
    const random = new SeededRandom(seed)
    let now = startOfDay
    const options = { host: hostAt(() => now) }
    let store = await stores.open(options)
    const make = new FrameMaker()
    const all: WeirEvent[] = []
    let made = 0
    // Late, far in the past, in the future or absent; times in the frame header are wrong.
    const timeOf = (): number =>
      random.pick([
        now,
        now - random.integer(0, msPerHour),
        now - random.integer(0, 400 * msPerHour),
        now + random.integer(0, 30 * msPerHour),
        now - random.next() * msPerHour,
        Number.NaN,
      ])
    const some = (): WeirEvent[] => {
      const families = random.pick<readonly Family[]>([
        ['audit'],
        ['audit'],
        ['change'],
        ['audit', 'change', 'event'],
        ['event', 'log'],
      ])
      return Array.from({ length: random.integer(1, 5) }, () => {
        const family = random.pick(families)
        return event(`e${++made}`, {
          ...(family === 'event' ? {} : { family }),
          time: timeOf(),
          json: {},
          ref: 'k8s:c1//Pod/shop/web',
        })
      })
    }
    for (let hour = 0; hour < 5; hour++, now += msPerHour) {
      for (let commit = 0; commit < random.integer(1, 4); commit++) {
        const events = some()
        all.push(...events)
        await store.projection.apply([make.events(events, now)])
        await store.projection.commit()
      }
      if (random.chance(0.6)) while (await store.maintain());
    }
    const same = async (): Promise<void> => {
      for (let i = 0; i < 6; i++) {
        const { time = 0 } = random.pick(all)
        const from = random.pick([
          startOfDay - 500 * msPerHour,
          Number.isNaN(time) ? now : time,
          now - random.integer(0, 12 * msPerHour),
        ])
        const to = from + random.pick([0.001, 1, msPerHour, 1000 * msPerHour])
        for (const [view, family] of [
          ['audit', 'audit'],
          ['changes', 'change'],
        ] as const) {
          const expected = all
            .filter(
              (one) =>
                one.family === family &&
                one.time !== undefined &&
                Math.round(one.time * 1000) >= Math.round(from * 1000) &&
                Math.round(one.time * 1000) < Math.round(to * 1000),
            )
            .map(({ id }) => id)
            .sort()
          expect(await ids(store, view, from, to), `${view} from ${from} to ${to}`).toEqual(expected)
        }
      }
      for (const [view, family] of [
        ['audit', 'audit'],
        ['changes', 'change'],
      ] as const)
        expect((await queryRows(store.reader, `SELECT id FROM ${view} ORDER BY id`)).map(({ id }) => id)).toEqual(
          all
            .filter((one) => one.family === family)
            .map(({ id }) => id)
            .sort(),
        )
    }
    await same()
    await stores.close()
    // Without records, file metadata is read from the files.
    const { disk } = options.host
    for (const name of await disk.list(stores.directory))
      if (name.startsWith('manifest-')) await disk.remove(`${stores.directory}/${name}`)
    store = await stores.open(options)
    await same()
  },
)

it.each(seeds(1, 10))(
  'time bounds omit nothing from flows and sums, however old the flows were on receipt (seed %i)',
  async (seed) => {
    const random = new SeededRandom(seed)
    let now = startOfDay
    const store = await stores.open({ host: hostAt(() => now) })
    const make = new FrameMaker()
    for (let hour = 0; hour < 4; hour++, now += msPerHour) {
      for (let commit = 0; commit < 3; commit++) {
        // From another instance through a bus: its receive time can be much earlier.
        await store.projection.apply([
          make.batch(anyFlows(random, 20, 0.8, now - random.pick([0, 0, 50 * msPerHour])).batch, now, 'bus'),
        ])
        await store.projection.commit()
      }
      if (hour % 2 === 1) while (await store.maintain());
    }
    const times = async (condition: string): Promise<number[]> =>
      (
        await queryRows(
          store.reader,
          `SELECT epoch_us(time_received)::DOUBLE AS time FROM flows WHERE ${condition} ORDER BY time`,
        )
      ).map(({ time }) => Number(time))
    const received = await times('true')
    expect(received).toHaveLength(240)
    for (let i = 0; i < 8; i++) {
      const from = random.pick(received) / 1000 + random.pick([-1, 0, 0.001, -msPerHour])
      const to = from + random.pick([0.001, 1, msPerHour, 60 * msPerHour])
      expect(await times(within('time_received', from, to)), `flows from ${from} to ${to}`).toEqual(
        received.filter((at) => at >= Math.round(from * 1000) && at < Math.round(to * 1000)),
      )
    }
    for (const view of ['flows_1m', 'flows_5m', 'flows_1h']) {
      const all = await queryRows(
        store.reader,
        `SELECT epoch_ms(time)::DOUBLE AS time, sum(flows)::DOUBLE AS flows FROM ${view} GROUP BY time ORDER BY time`,
      )
      for (let i = 0; i < 8; i++) {
        const from = Number(random.pick(all)['time']) + random.pick([-1, 0, 1, -msPerHour])
        const to = from + random.pick([1, 60_000, msPerHour, 60 * msPerHour])
        expect(
          await queryRows(
            store.reader,
            `SELECT epoch_ms(time)::DOUBLE AS time, sum(flows)::DOUBLE AS flows FROM ${view}
              WHERE ${within('time', from, to)} GROUP BY time ORDER BY time`,
          ),
          `${view} from ${from} to ${to}`,
        ).toEqual(all.filter(({ time }) => Number(time) >= from && Number(time) < to))
      }
    }
  },
)

it('files without rows of the bounds or the family are not opened', async () => {
  const log = recordingLog()
  let now = startOfDay
  const host = hostAt(() => now)
  const store = await stores.open({ log, host })
  const make = new FrameMaker()
  const name = async (): Promise<string> =>
    (await host.disk.list(stores.directory))
      .filter((each) => each.startsWith('events-'))
      .sort()
      .at(-1) ?? ''
  const files: string[] = []
  for (const [family, id] of [
    ['audit', 'old'],
    ['log', 'other'],
    ['audit', 'new'],
  ] as const) {
    await store.projection.apply([make.events([event(id, { family, time: now, json: {} })], now)])
    await store.projection.commit()
    files.push(await name())
    now += msPerHour
  }
  await host.disk.remove(`${stores.directory}/${files[0]}`)
  await host.disk.remove(`${stores.directory}/${files[1]}`)
  expect(await ids(store, 'audit', now - msPerHour, now)).toEqual(['new'])
  expect(await ids(store, 'audit', now, now + msPerHour)).toEqual([])
  expect(log.lines).toEqual([])
})

it('a file without the times of its rows is within any bounds', () => {
  const file: StoredFile = {
    name: 'a',
    stream: 'events',
    hour: 1,
    firstSequence: 1,
    lastSequence: 1,
    schema: 3,
    rows: 1,
    bytes: 1,
    timeMin: 5,
    timeMax: 6,
    receivedMin: 0,
    receivedMax: 0,
  }
  expect(
    happenedWithin([file, { ...file, timed: true }, { ...file, timed: true, timeMin: null, timeMax: null }], {
      from: 100,
      to: 200,
    }),
  ).toEqual([file])
  expect(happenedWithin([{ ...file, timed: true }], { from: 6, to: 200 })).toHaveLength(1)
})
