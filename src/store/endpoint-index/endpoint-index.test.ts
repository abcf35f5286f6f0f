import { readdir, readFile, rename, rm, truncate, writeFile, copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, test } from 'vitest'
import { SeededRandom } from '../../../test/kit/random.ts'
import { drawnSize, seeds } from '../../../test/kit/seeds.ts'
import { realHost, type Host } from '../../host/index.ts'
import type { Store } from '../index.ts'
import { msPerHour } from '../names.ts'
import { FrameMaker, startOfDay, type FlowSpec } from '../testing/frames.ts'
import { queryRows } from '../testing/query-rows.ts'
import { temporaryStores } from '../testing/temporary.ts'
import { EndpointIndexReader } from './read.ts'

const stores = temporaryStores()
let now = startOfDay
let passed = 0

function host(): Host {
  const real = realHost()
  return { ...real, clock: { ...real.clock, now: () => now, monotonic: () => real.clock.monotonic() + passed } }
}

/** A few common addresses, and many that few flows have. */
function address(random: SeededRandom): string {
  return random.chance(0.5) ? `10.0.0.${random.integer(1, 4)}` : `10.0.1.${random.integer(1, 250)}`
}

/** Files of several hours and days, merged; the newest one is open, so that its files have no index. */
async function filled(random: SeededRandom, rows = 60): Promise<Store> {
  now = startOfDay
  passed = 0
  const store = await stores.open({ host: host() })
  const make = new FrameMaker()
  for (let hour = 0; hour < 5; hour++, now += random.pick([1, 1, 20]) * msPerHour) {
    for (let commit = 0; commit < random.integer(1, 4); commit++) {
      const received = now + commit * 1000 + random.next()
      const some: FlowSpec[] = Array.from({ length: random.integer(1, rows) }, () => ({
        src: address(random),
        dst: address(random),
        bytes: random.integer(1, 1000),
        received: random.chance(0.5) ? received : Math.floor(received - random.integer(0, 5000)),
      }))
      await store.projection.apply([make.flows(some, Math.floor(received))])
      await store.projection.commit()
    }
    if (random.chance(0.7)) while (await store.maintain());
  }
  while (await store.maintain());
  return store
}

const columns = ['src_addr', 'dst_addr', 'exporter_addr', 'src_name', 'dst_name', 'next_hop', 'dst_namespace']

function condition(random: SeededRandom, depth: number): string {
  const text = () =>
    `'${random.pick([address(random), address(random), '192.0.2.1', 'gateway', '10.0.0.1', 'none', ''])}'`
  const inner = () => condition(random, depth - 1)
  switch (random.integer(0, depth > 0 ? 9 : 3)) {
    case 0:
    case 1:
      return `${random.pick(columns)} = ${text()}`
    case 2:
      return `${random.pick(columns)} IN (${text()}, ${text()}, ${text()})`
    case 3:
      return random.pick([
        'bytes > 500',
        'src_addr <> dst_addr',
        `time_received >= make_timestamptz(${(startOfDay + random.integer(0, 3) * msPerHour) * 1000})`,
      ])
    case 4:
    case 5:
    case 6:
      return `(${inner()} AND ${inner()})`
    case 7:
    case 8:
      return `(${inner()} OR ${inner()})`
    default:
      return `NOT ${inner()}`
  }
}

async function indexes(): Promise<string[]> {
  return (await readdir(stores.directory)).filter((name) => name.endsWith('.index')).sort()
}

const path = (name: string): string => join(stores.directory, name)
const sql = (where: string): string => `SELECT _pos, src_addr, dst_name FROM flows WHERE ${where} ORDER BY _pos`
const sums = (where: string): string =>
  `SELECT dst_addr, sum(bytes)::INT b FROM flows WHERE ${where} GROUP BY 1 ORDER BY 1`
/** Without the conditions at the view. */
const whole = (statement: string): string => statement.replace('FROM flows', 'FROM (SELECT * FROM flows) flows')

async function expectEqual(store: Store, random: SeededRandom, times: number): Promise<number> {
  let found = 0
  for (let time = 0; time < times; time++) {
    const where = condition(random, 3)
    for (const statement of [sql(where), sums(where)]) {
      const expected = await queryRows(store.reader, whole(statement))
      expect(await queryRows(store.reader, statement), where).toEqual(expected)
      found += Math.min(1, expected.length)
    }
  }
  return found
}

it.each(seeds(1, 20))(
  'random conditions have the rows of the whole files, also after a restart (seed %i)',
  async (seed) => {
    const random = new SeededRandom(seed)
    const store = await filled(random)
    expect((await indexes()).length).toBeGreaterThan(1)
    expect(await expectEqual(store, random, drawnSize(8, 20))).toBeGreaterThan(2)
    await stores.close()
    expect(await expectEqual(await stores.open({ host: host() }), random, drawnSize(4, 8))).toBeGreaterThan(0)
  },
)

test('the index lists the exact receive times of rare addresses, and marks common ones', async () => {
  now = startOfDay
  const store = await stores.open({ host: host() })
  const rare = { src: '10.0.1.1', dst: '10.0.0.1' }
  const other = { src: '10.0.0.2', dst: '10.0.0.1' }
  const make = new FrameMaker()
  for (const [at, rows] of [
    [0, [rare, other]],
    [1000, Array.from({ length: 300 }, () => other)],
    [2000.001, [other, rare]],
  ] as const)
    await store.projection.apply([make.flows(rows.map((row) => ({ ...row, received: startOfDay + at })))])
  await store.projection.commit()
  now += 2 * msPerHour
  while (await store.maintain());
  const [name = ''] = await indexes()
  const reader = new EndpointIndexReader(realHost().disk, stores.directory)
  const ids = await queryRows(
    store.reader,
    `SELECT DISTINCT "f$src_ep"::INT AS id FROM flows WHERE src_addr = '10.0.1.1'
      UNION ALL SELECT DISTINCT "f$dst_ep"::INT FROM flows`,
  )
  const [first, common] = ids.map(({ id }) => Number(id))
  expect(await reader.find(name.replace('.index', ''), [first!, common!, 999])).toEqual(
    new Map<number, unknown>([
      [first!, [startOfDay * 1000, startOfDay * 1000 + 2_000_001]],
      [common!, 'common'],
    ]),
  )
})

test('a sample is taken of all rows, before the conditions', async () => {
  const store = await stores.open({ host: host() })
  const rows = Array.from({ length: 300 }, (_, row) => ({ src: row === 0 ? '10.0.1.1' : '10.0.0.2', dst: '10.0.0.1' }))
  await store.projection.apply([new FrameMaker().flows(rows)])
  await store.projection.commit()
  const where = `WHERE src_addr = '10.0.1.1'`
  for (const from of [`flows TABLESAMPLE 3 ROWS ${where}`, `flows ${where} USING SAMPLE 3 ROWS`]) {
    let found = 0
    for (let time = 0; time < 5; time++)
      found += (await queryRows(store.reader, `SELECT bytes + ${time} FROM ${from}`)).length
    expect(found, from).toBeLessThan(from.includes('USING') ? 6 : 4)
  }
})

const damages: Record<string, (file: string, another: string, random: SeededRandom) => Promise<void>> = {
  'a flipped bit': async (file, _, random) => {
    const bytes = await readFile(file)
    const at = random.integer(0, bytes.length - 1)
    await writeFile(file, bytes.with(at, (bytes[at] ?? 0) ^ (1 << random.integer(0, 7))))
  },
  'a missing index': (file) => rm(file),
  'a truncated index': async (file, _, random) => truncate(file, random.integer(0, (await readFile(file)).length - 1)),
  'an empty index': (file) => truncate(file, 0),
  'the index of another file': (file, another) => copyFile(another, file),
}

it.each(Object.keys(damages))('%s changes no result, and is written again in the background', async (how) => {
  const random = new SeededRandom(3)
  const store = await filled(random)
  const [first = '', second = ''] = await indexes()
  const before = await readFile(path(first))
  for (let time = 0; time < drawnSize(1, 4); time++) {
    await writeFile(path(first), before)
    await damages[how]?.(path(first), path(second), random)
    await expectEqual(store, random, 2)
  }
  await stores.close()
  const again = await stores.open({ host: host() })
  await expectEqual(again, random, 2)
  // Time for the scrub.
  passed += 60_000
  while (await again.maintain());
  expect(await readFile(path(first))).toEqual(before)
})

test('a store without indexes gets them in the background; files and their indexes are removed together', async () => {
  const random = new SeededRandom(4)
  await filled(random)
  const before = await indexes()
  await stores.close()
  for (const name of before) await rm(path(name))
  await rename(path('manifest.reserve'), path('flows-2026010100-1-1-0000000000000000.parquet.index'))
  const store = await stores.open({ host: host() })
  expect(await indexes()).toEqual([])
  await expectEqual(store, random, 3)
  while (await store.maintain());
  expect(await indexes()).toEqual(before)
  await stores.close()
  const short = await stores.open({ host: host(), retain: { ageMs: msPerHour } })
  now += 3 * msPerHour
  while (await short.maintain());
  expect(await indexes()).toEqual([])
})
