import { expect, it } from 'vitest'
import { realHost, type Host } from '../host/index.ts'
import type { Store } from './index.ts'
import { msPerHour } from './names.ts'
import { event, FrameMaker, recordingLog, recordingMetrics, startOfDay } from './testing/frames.ts'
import { queryRows } from './testing/query-rows.ts'
import { temporaryStores } from './testing/temporary.ts'

const stores = temporaryStores()
const room = { reserveBytes: 10 << 20, marginBytes: 1 << 20, own: false }
let now = startOfDay
/** Bytes that are missing on the volume. */
let lacking = 0

function smallHost(): Host {
  const host = realHost()
  const free = () => Promise.resolve(room.reserveBytes + room.marginBytes - lacking)
  return { ...host, clock: { ...host.clock, now: () => now }, disk: { ...host.disk, free } }
}

async function commit(store: Store, make: FrameMaker, id: number): Promise<void> {
  await store.projection.apply([
    make.flows([{ src: `10.0.0.${id}`, dst: '10.0.0.1', bytes: id }], now),
    make.events([event(`e${id}`)], now),
  ])
  await store.projection.commit()
}

async function ids(store: Store): Promise<unknown[]> {
  const flows = await queryRows(store.reader, 'SELECT bytes::INTEGER AS id, src_addr AS address FROM flows ORDER BY id')
  return flows.map(({ id, address }) => [id, address])
}

it('the oldest rows go first, also those of this hour, counted with their reason', async () => {
  now = startOfDay
  lacking = 0
  const [log, metrics] = [recordingLog(), recordingMetrics()]
  const options = { host: smallHost(), room, log, metrics }
  const store = await stores.open(options)
  const make = new FrameMaker()
  for (let hour = 0; hour < 3; hour++) {
    now = startOfDay + hour * msPerHour
    await commit(store, make, hour + 1)
  }
  await commit(store, make, 4)
  expect(await store.giveWay()).toBe(false)
  lacking = 1
  expect(await store.giveWay()).toBe(true)
  expect(await ids(store)).toEqual([2, 3, 4].map((id) => [id, `10.0.0.${id}`]))
  expect(store.ledger()).toMatchObject({
    stored: { netflow: 4, http: 4 },
    quarantined: { netflow: 0, http: 0 },
    expired: { disk: 2 },
  })
  expect(log.lines.filter(({ message }) => message.startsWith('The store removed'))).toMatchObject([
    { level: 'warn', fields: { reason: 'disk', rows: 2, from: new Date(startOfDay).toISOString() } },
  ])
  expect(metrics.counts.get('weir_store_expired_rows_total')).toBe(2)
  for (let rounds = 0; rounds < 20 && (await ids(store)).length > 1; rounds++) await store.giveWay()
  expect(await ids(store)).toEqual([[4, '10.0.0.4']])
  await commit(store, make, 5)
  await stores.close()
  const again = await stores.open(options)
  expect(await ids(again)).toEqual([4, 5].map((id) => [id, `10.0.0.${id}`]))
  expect(again.ledger().stored).toEqual({ netflow: 5, http: 5 })
})

it('nothing is removed if all of it were not enough, and bytes that a query still reads count as removed', async () => {
  now = startOfDay
  lacking = 0
  const store = await stores.open({ host: smallHost(), room })
  const make = new FrameMaker()
  await commit(store, make, 1)
  now += msPerHour
  await commit(store, make, 2)
  lacking = 9 << 20
  expect(await store.giveWay()).toBe(false)
  expect(await ids(store)).toHaveLength(2)
  lacking = 1
  const reading = await store.reader.query(
    'SELECT f.* FROM flows f, range(30000)',
    'json',
    new AbortController().signal,
  )
  expect(await store.giveWay()).toBe(true)
  expect(await store.giveWay()).toBe(false)
  expect(await ids(store)).toHaveLength(1)
  for await (const _ of reading);
})

it('rows that are removed during their merge do not return', async () => {
  now = startOfDay
  lacking = 0
  const host = smallHost()
  let onSync = (): Promise<unknown> => Promise.resolve()
  const syncDirectory = async (path: string): Promise<void> => {
    await host.disk.syncDirectory(path)
    await onSync()
  }
  const store = await stores.open({ host: { ...host, disk: { ...host.disk, syncDirectory } }, room })
  const make = new FrameMaker()
  for (const id of [1, 2, 3]) await commit(store, make, id)
  now += 2 * msPerHour
  await commit(store, make, 4)
  lacking = 1
  onSync = () => {
    onSync = () => Promise.resolve()
    return store.giveWay()
  }
  while (await store.maintain());
  expect(await ids(store)).toEqual([[4, '10.0.0.4']])
  expect(store.ledger().expired).toEqual({ disk: 6 })
  await stores.close()
  expect(await ids(await stores.open())).toEqual([[4, '10.0.0.4']])
})

it('addresses of today go last, and later flows get new ones', async () => {
  now = startOfDay
  lacking = 0
  const store = await stores.open({ host: smallHost(), room })
  const make = new FrameMaker()
  await commit(store, make, 1)
  lacking = store.status().bytes
  expect(await store.giveWay()).toBe(true)
  expect(store.status().files).toBe(0)
  lacking = 0
  await commit(store, make, 1)
  expect(await ids(store)).toEqual([[1, '10.0.0.1']])
})

it('a store on its own volume gives way with its maintenance', async () => {
  now = startOfDay
  lacking = 0
  const store = await stores.open({ host: smallHost(), room: { ...room, own: true } })
  await commit(store, new FrameMaker(), 1)
  lacking = 1
  await store.maintain()
  expect(await ids(store)).toEqual([])
})
