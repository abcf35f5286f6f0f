import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testContext } from '../../../../test/conformance/batches.ts'
import { configMap, live, ModelJournal, type Life } from '../../../../test/kit/kubernetes-model.ts'
import { realHost, type Host } from '../../../host/index.ts'
import { toEventBatch, type WeirEvent } from '../../../model/events.ts'
import type { ResourceData } from '../../../model/kubernetes.ts'
import { FrameMaker } from '../../../store/testing/frames.ts'
import { temporaryStores } from '../../../store/testing/temporary.ts'
import { goodFor, resync } from './resync.ts'

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-retell-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))
const stores = temporaryStores()

const real = realHost()
const hostAt = (now: () => number): Host => ({
  ...real,
  clock: { now, monotonic: () => real.clock.monotonic() },
  timers: { ...real.timers, sleep: () => real.timers.yield() },
})
const begun = Date.parse('2026-11-20T12:00:00Z')
const hour = 3_600_000

const words = (journal: ModelJournal): readonly (ResourceData & { readonly id: string })[] =>
  journal
    .events()
    .filter(({ family }) => family === 'resource')
    .map(({ id, data }) => ({ ...(JSON.parse(Buffer.from(data ?? []).toString('utf8')) as ResourceData), id }))
const again = (
  life: Life,
  {
    now = Date.now(),
    before,
    leads = true,
  }: { readonly now?: number; readonly before?: number; readonly leads?: boolean } = {},
): Promise<number> =>
  resync(
    {
      cluster: 'c1',
      context: testContext(hostAt(() => now)),
      map: life.map,
      recorder: life.recorder,
      leads: () => leads,
    },
    before ?? now + 1,
    new AbortController().signal,
  )

/** Two initial objects: one changes its labels, one is deleted. */
async function listed(journal: ModelJournal, path: string): Promise<Life> {
  const life = await live(journal, path, { begun })
  await life.tracker.listing()
  for (const [name, uid, version] of [
    ['a', 'u1', 1],
    ['b', 'u2', 2],
    ['c', 'u3', 3],
  ] as const)
    await life.tracker.present(configMap(name, uid, version, { x: '1' }))
  await life.tracker.listed('5')
  return life
}

/** All emitted changes are in the map, too. */
const settled = async (life: Life, rows: number): Promise<void> => {
  while (life.map.emittedBefore(Infinity, 0, 100).length !== rows) await real.timers.yield()
}

test('an object without changes is emitted again once its emission is old, also after a restart', async () => {
  const [journal, path] = [new ModelJournal(), join(dir, 'same.sqlite')]
  let life = await listed(journal, path)
  await settled(life, 3)
  const first = words(journal)
  expect(await again(life, { before: Date.now() - hour })).toBe(0)
  expect(await again(life, { leads: false })).toBe(0)
  expect(await again(life)).toBe(3)
  await life.stop()
  expect(words(journal).slice(3)).toEqual(first)
  life = await live(journal, path)
  expect(await again(life, { before: Date.now() - hour })).toBe(0)
  // Resynced in an hour, and killed before the map is written: the journal has the time of the emission.
  expect(await again(life, { now: Date.now() + hour })).toBe(3)
  while (words(journal).length < 9) await real.timers.yield()
  life.kill()
  life = await live(journal, path)
  expect(await again(life, { before: Date.now() + hour / 2 })).toBe(0)
  expect(words(journal).slice(6)).toEqual(first)
  await life.stop()
})

test('a changed object is emitted in its new state, and a deleted one is not, even if the map lags', async () => {
  const journal = new ModelJournal()
  const life = await listed(journal, join(dir, 'changed.sqlite'))
  await settled(life, 3)
  const changed = life.tracker.changed('MODIFIED', configMap('b', 'u2', 6, { x: '1' }, { labels: { tier: 'one' } }))
  const gone = life.tracker.changed('DELETED', configMap('c', 'u3', 7, { x: '1' }))
  expect(await again(life)).toBe(1)
  await Promise.all([changed, gone])
  await settled(life, 2)
  expect(await again(life, { now: Date.now() + hour })).toBe(2)
  await life.stop()
  const last = new Map(words(journal).map((word) => [word.name, word]))
  expect([...last.values()].map(({ name, state, labels }) => [name, state, labels])).toEqual([
    ['a', 'present', undefined],
    ['b', 'present', { tier: 'one' }],
    ['c', 'gone', undefined],
  ])
})

test('a store with retention has every existing object with its start of validity, and no other', async () => {
  let now = begun
  const store = await stores.open({ host: hostAt(() => now), retain: { ageMs: 2 * hour } })
  const [journal, frames] = [new ModelJournal(), new FrameMaker()]
  let taken = 0
  const keep = async (): Promise<void> => {
    const events: WeirEvent[] = journal.events().slice(taken)
    taken += events.length
    await store.projection.apply([frames.batch(toEventBatch(events), now, 'cluster')])
    await store.projection.commit()
    await store.maintain()
  }
  const shown = async (): Promise<unknown> => {
    const pieces: Uint8Array[] = []
    for await (const piece of await store.reader.query(
      'SELECT name, valid_from, valid_to FROM resources ORDER BY name, valid_from',
      'json',
      new AbortController().signal,
    ))
      pieces.push(piece)
    return JSON.parse(Buffer.concat(pieces).toString('utf8'))
  }
  const life = await listed(journal, join(dir, 'store.sqlite'))
  await settled(life, 3)
  await keep()
  const first = await shown()
  expect(first).toHaveLength(3)
  await life.tracker.changed('DELETED', configMap('c', 'u3', 7, { x: '1' }))
  await settled(life, 2)
  await keep()
  for (let step = 0; step < 6; step++) {
    now += hour
    expect(await again(life, { now, before: Infinity })).toBe(2)
    while (journal.events().length < taken + 2) await real.timers.yield()
    await keep()
  }
  expect(await shown()).toEqual((first as unknown[]).slice(0, 2))
  now += 4 * hour
  await store.maintain()
  expect(await shown()).toEqual([])
  await life.stop()
})

test('an emission is repeated after half of the store’s retention, and after a day', () => {
  expect([goodFor(2 * hour), goodFor(30 * 24 * hour), goodFor(Infinity)]).toEqual([hour, 24 * hour, 24 * hour])
})
