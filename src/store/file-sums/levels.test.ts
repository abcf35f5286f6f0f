import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it, test } from 'vitest'
import { drawn } from '../../../test/kit/seeds.ts'
import { checkStore } from '../check.ts'
import type { Store, StoreOptions } from '../index.ts'
import { msPerHour } from '../names.ts'
import { damages, expectEqual, usualFlows } from '../testing/file-sums.ts'
import { FrameMaker, startOfDay } from '../testing/frames.ts'
import { movedHost } from '../testing/moved-host.ts'
import { queryRows } from '../testing/query-rows.ts'
import { temporaryStores } from '../testing/temporary.ts'

const stores = temporaryStores()
const clock = { now: startOfDay, passed: 0 }
const midnight = startOfDay - 8 * msPerHour
const day = 24 * msPerHour
const make = new FrameMaker()

const open = (options: Partial<StoreOptions> = {}) => stores.open({ host: movedHost(clock), ...options })

async function maintained(store: Store): Promise<Store> {
  while (await store.maintain());
  return store
}

async function add(store: Store, received: number): Promise<void> {
  clock.now = received
  await store.projection.apply([make.flows(usualFlows, received)])
  await store.projection.commit()
}

/** Days after the first, and their hours with flows. The first and the last day have no sums of a day. */
const received = [23, 24, 35, 47, 51, 70, 72, 73]
const afterwards = midnight + 74.5 * msPerHour

const template = await mkdtemp(join(tmpdir(), 'weir-days-'))
afterAll(() => rm(template, { recursive: true }))
let isFilled = false

async function filled(): Promise<Store> {
  if (!isFilled) {
    const store = await stores.open({ host: movedHost(clock), directory: template })
    for (const hour of received) await add(store, midnight + (hour + 0.5) * msPerHour)
    clock.now = afterwards
    await maintained(store)
    await store.close()
    isFilled = true
  }
  clock.now = afterwards
  clock.passed = 0
  await cp(template, stores.directory, { recursive: true })
  return open()
}

const named = async (ending: string) => (await readdir(stores.directory)).filter((name) => name.endsWith(ending)).sort()
const path = (name: string) => join(stores.directory, name)

const spans = [
  { from: -1, to: 4 },
  // Cut within days, also exactly at a flow.
  { from: 1.1, to: 3.5 },
  { from: 1 + 0.5 / 24, to: 2 + 22.5 / 24 },
].map(({ from, to }) => ({ from: Math.round(midnight + from * day), to: Math.round(midnight + to * day) }))

async function expectExact(store: Store): Promise<void> {
  for (const span of drawn(spans, 2)) await expectEqual(store, span)
}

/** Rows that a query of sources over all files reads: 7 of each file or day. */
const rowsOfSources = (store: Store) => store.status().sums.fileSums?.['src']?.rows

test('each complete day has sums of its files, equal to the flows', async () => {
  const store = await filled()
  expect(await named('.day')).toHaveLength(2)
  expect(rowsOfSources(store)).toBe(7 * (1 + 2 + 2))
  await expectExact(store)
})

test('they are read instead of the flows and sums of files', async () => {
  const store = await filled()
  const [from, to] = [midnight + day, midnight + 3 * day]
  const sumsTo = (end: number) =>
    queryRows(
      store.reader,
      `SELECT src_addr, sum(flows)::BIGINT AS n FROM flows_by_src WHERE span_from = make_timestamptz(${from * 1000})
        AND span_to = make_timestamptz(${end * 1000}) GROUP BY ALL ORDER BY ALL`,
    )
  const before = await sumsTo(to)
  expect(before).toHaveLength(7)
  const ofDays = (await named('.parquet')).filter((name) => name.startsWith('flows-')).slice(1, 6)
  for (const name of [...ofDays, ...(await named('.sums'))]) await rm(path(name))
  // Not the same statement, which has a cached result.
  expect(await sumsTo(to + 1)).toEqual(before)
})

it.each(Object.keys(damages))('%s of a day: no result changes, and they are written again', async (how) => {
  const store = await filled()
  const [first = '', second = ''] = await named('.day')
  const before = await readFile(path(first))
  await expectExact(store)
  await damages[how]?.(path(first), path(second))
  await expectExact(store)
  await stores.close()
  const again = await open()
  await expectExact(again)
  // Time for the scrub.
  clock.passed += 60_000
  await maintained(again)
  expect(await readFile(path(first))).toEqual(before)
  await expectExact(again)
})

test('flows that are stored late change the sums of their day', async () => {
  const store = await filled()
  const before = await named('.day')
  const { now } = clock
  await add(store, midnight + day + 5 * msPerHour)
  await expectExact(store)
  clock.now = now
  await maintained(store)
  const after = await named('.day')
  expect(after).toHaveLength(2)
  expect(after).not.toEqual(before)
  await expectExact(store)
})

test('a lost file of a day: its sums are not read, and written again without it', async () => {
  await filled()
  const flows = (await named('.parquet')).filter((name) => name.startsWith('flows-'))
  await rm(path(flows[2]!))
  await stores.close()
  const again = await open()
  await expectExact(again)
  expect(rowsOfSources(again)).toBe(7 * (1 + 2 + 1 + 2))
  await maintained(again)
  expect(rowsOfSources(again)).toBe(7 * (1 + 2 + 2))
  await expectExact(again)
})

test('retention removes them with the first hour of their day', async () => {
  await filled()
  await stores.close()
  const short = await open({ retain: { ageMs: 45 * msPerHour } })
  await maintained(short)
  expect(await named('.day')).toHaveLength(1)
  await expectExact(short)
  clock.now += 10 * day
  await maintained(short)
  expect(await named('.day')).toEqual([])
})

test('a start removes sums that no entry names', async () => {
  await filled()
  await stores.close()
  const [first = ''] = await named('.day')
  const stale = path(first.replace(/[0-9a-f]{16}(?=\.day$)/, '0123456789abcdef'))
  await writeFile(stale, 'x')
  await open()
  expect(await named('.day')).toHaveLength(2)
})

test('a check of the store names damaged sums, and loses no row for them', async () => {
  await filled()
  await stores.close()
  const found = async () => (await checkStore({ host: movedHost(clock), directory: stores.directory })).check
  expect((await found()).sums).toEqual({ files: received.length + 2, damaged: [] })
  const [[ofFile = ''], [ofDay = '']] = [await named('.sums'), await named('.day')]
  for (const name of [ofFile, ofDay]) await damages['a flipped bit']?.(path(name), '')
  expect(await found()).toMatchObject({ sums: { damaged: [ofFile, ofDay] }, damaged: [] })
})

test('four hours of a day have sums, which are read unless those of the day are', async () => {
  const store = await open()
  const at = (hour: number) => midnight + (24 + hour) * msPerHour
  for (const hour of [-5, 1, 4, 5, 6, 9, 10, 13]) await add(store, at(hour + 0.5))
  clock.now = at(14.5)
  await maintained(store)
  const blocks = await named('.block')
  expect(blocks).toHaveLength(2)
  // Those hours, two blocks, and the other hours.
  expect(rowsOfSources(store)).toBe(7 * (1 + 1 + 2 + 1))
  const cuts = [-6, 1.5, 4, 5.5, 7, 9.2, 10.5, 11, 13.6, 30].map(at)
  const ranges = cuts.flatMap((from) => cuts.flatMap((to) => (from < to ? [{ from, to }] : [])))
  const expectRanges = async () => {
    for (const range of drawn(ranges, 12)) await expectEqual(store, range)
  }
  await expectRanges()
  await damages['a flipped bit']?.(path(blocks[0]!), '')
  clock.passed += 60_000
  await expectRanges()
  await maintained(store)
  await add(store, at(26.5))
  clock.now = at(28.5)
  await maintained(store)
  expect(await named('.block')).toEqual(blocks)
  expect(await named('.day')).toHaveLength(1)
  expect(rowsOfSources(store)).toBe(7 * (1 + 1 + 1))
  await expectRanges()
})
