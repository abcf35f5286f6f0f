import { copyFile, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, test } from 'vitest'
import { realHost, type Host } from '../../host/index.ts'
import type { Store } from '../index.ts'
import { msPerHour } from '../names.ts'
import { FrameMaker, startOfDay, type FlowSpec } from '../testing/frames.ts'
import { queryRows } from '../testing/query-rows.ts'
import { temporaryStores } from '../testing/temporary.ts'

const stores = temporaryStores()
let now = startOfDay
let passed = 0

function host(): Host {
  const real = realHost()
  return { ...real, clock: { ...real.clock, now: () => now, monotonic: () => real.clock.monotonic() + passed } }
}

async function maintained(store: Store): Promise<Store> {
  while (await store.maintain());
  return store
}

/** Three hours of flows; the last one is open, so that its file has no sums. */
async function filled(specs: readonly FlowSpec[] = usual): Promise<Store> {
  now = startOfDay
  const store = await stores.open({ host: host() })
  const make = new FrameMaker()
  for (let hour = 0; hour < 3; hour++, now += msPerHour) {
    await store.projection.apply([make.flows(specs, now + 60_000)])
    await store.projection.commit()
  }
  now -= msPerHour - 120_000
  return maintained(store)
}

const usual: readonly FlowSpec[] = Array.from({ length: 200 }, (_, row) => ({
  src: `10.0.0.${row % 7}`,
  dst: `10.0.1.${row % 11}`,
  bytes: 1000 + row,
  ...(row % 3 === 0 ? { sampling: 100 } : {}),
}))

const names = async () => (await readdir(stores.directory)).filter((name) => name.endsWith('.sums')).sort()
const path = (name: string) => join(stores.directory, name)
const moment = (ms: number) => `make_timestamptz(${ms * 1000})`

/** Equal to the flows, from the sums of all but the newest file. */
async function expectEqual(store: Store): Promise<void> {
  const [from, to] = [startOfDay - msPerHour, startOfDay + 3 * msPerHour]
  for (const [part, columns] of [
    ['src', 'src_addr, src_name'],
    ['dst', 'dst_addr'],
    ['service', 'service_port, initiator'],
    ['src_port', 'src_port'],
    ['exporter', 'exporter_addr, protocol'],
  ] as const) {
    const sums = (flows: string) =>
      `SELECT ${columns}, sum(bytes_est)::VARCHAR AS bytes, sum(packets_est)::VARCHAR AS packets, ${flows}::BIGINT AS n`
    expect(
      await queryRows(
        store.reader,
        `${sums('sum(flows)')} FROM flows_by_${part} WHERE span_from = ${moment(from)} AND span_to = ${moment(to)}
          GROUP BY ALL ORDER BY ALL`,
      ),
    ).toEqual(await queryRows(store.reader, `${sums('count(*)')} FROM flows GROUP BY ALL ORDER BY ALL`))
  }
}

const damages: Record<string, (file: string, another: string) => Promise<void>> = {
  'a flipped bit': async (file) => {
    const bytes = await readFile(file)
    await writeFile(file, bytes.with(100, (bytes[100] ?? 0) ^ 1))
  },
  'a missing file': (file) => rm(file),
  'a truncated file': (file) => truncate(file, 100),
  'the sums of another file': (file, another) => copyFile(another, file),
}

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
  passed += 60_000
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
  now += 3 * msPerHour
  await maintained(short)
  expect(await names()).toEqual([])
})

test('sums are exact beyond doubles, and files with sums beyond 63 bits have none', async () => {
  await expectEqual(await filled(usual.map((spec) => ({ ...spec, bytes: 2n ** 50n + 1n }))))
  expect(await names()).toHaveLength(2)
  await stores.end()
  await stores.begin()
  await expectEqual(await filled(usual.map((spec) => ({ ...spec, bytes: 2n ** 64n - 1n }))))
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
