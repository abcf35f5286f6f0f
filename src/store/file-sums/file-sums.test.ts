import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, test } from 'vitest'
import type { Store } from '../index.ts'
import { msPerHour } from '../names.ts'
import { FrameMaker, startOfDay, type FlowSpec } from '../testing/frames.ts'
import { damages, expectEqual, usualFlows } from '../testing/file-sums.ts'
import { movedHost } from '../testing/moved-host.ts'
import { temporaryStores } from '../testing/temporary.ts'

const stores = temporaryStores()
const clock = { now: startOfDay, passed: 0 }
const host = () => movedHost(clock)

async function maintained(store: Store): Promise<Store> {
  while (await store.maintain());
  return store
}

/** Three hours of flows; the last one is open, so that its file has no sums. */
async function filled(specs: readonly FlowSpec[] = usualFlows): Promise<Store> {
  clock.now = startOfDay
  const store = await stores.open({ host: host() })
  const make = new FrameMaker()
  for (let hour = 0; hour < 3; hour++, clock.now += msPerHour) {
    await store.projection.apply([make.flows(specs, clock.now + 60_000)])
    await store.projection.commit()
  }
  clock.now -= msPerHour - 120_000
  return maintained(store)
}

const names = async () => (await readdir(stores.directory)).filter((name) => name.endsWith('.sums')).sort()
const path = (name: string) => join(stores.directory, name)
it.each(Object.keys(damages))('%s: no result changes, and they are written again in the background', async (how) => {
  const store = await filled()
  const [first = '', second = ''] = await names()
  expect(second).not.toBe('')
  const before = await readFile(path(first))
  await expectEqual(store)
  await damages[how]?.(path(first), path(second))
  await expectEqual(store)
  await stores.close()
  const again = await stores.open({ host: host() })
  await expectEqual(again)
  // Time for the scrub.
  clock.passed += 60_000
  await maintained(again)
  expect(await readFile(path(first))).toEqual(before)
  await expectEqual(again)
})

test('sums count for the size of the store', async () => {
  const store = await filled()
  const files = (await readdir(stores.directory)).filter((name) => /\.(?:parquet|sums|copy)$/.test(name))
  const sizes = await Promise.all(files.map(async (name) => (await stat(path(name))).size))
  expect(store.status().bytes).toBe(sizes.reduce((sum, size) => sum + size, 0))
})

test('files and their sums are removed together', async () => {
  await filled()
  expect(await names()).toHaveLength(2)
  await stores.close()
  const short = await stores.open({ host: host(), retain: { ageMs: msPerHour } })
  clock.now += 3 * msPerHour
  await maintained(short)
  expect(await names()).toEqual([])
})

test('sums are exact beyond doubles, and files with sums beyond 63 bits have none', async () => {
  await expectEqual(await filled(usualFlows.map((spec) => ({ ...spec, bytes: 2n ** 50n + 1n }))))
  expect(await names()).toHaveLength(2)
  await stores.end()
  await stores.begin()
  await expectEqual(await filled(usualFlows.map((spec) => ({ ...spec, bytes: 2n ** 64n - 1n }))))
  expect(await names()).toEqual([])
})

test('a part with almost as many rows as the file is absent', async () => {
  const forged = Array.from({ length: 20_000 }, (_, row) => ({
    src: `10.${row >> 14}.${(row >> 7) & 127}.${row & 127}`,
    dst: '10.255.0.1',
  }))
  const store = await filled(forged)
  const { fileSums } = store.status().sums
  expect(fileSums?.['src']).toMatchObject({ rows: 0, without: [{}, {}, {}] })
  expect(fileSums?.['dst']).toMatchObject({ rows: 2, without: [{ rows: 20_000 }] })
  await expectEqual(store)
})
