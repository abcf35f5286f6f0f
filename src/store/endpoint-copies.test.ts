import { readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { realHost, type Host } from '../host/index.ts'
import { checkStore } from './check.ts'
import type { Store } from './index.ts'
import { msPerHour } from './names.ts'
import { FrameMaker, recordingLog, startOfDay } from './testing/frames.ts'
import { queryRows } from './testing/query-rows.ts'
import { temporaryStores } from './testing/temporary.ts'

const stores = temporaryStores()
const rows = [1, 2].map((id) => ({ address: `10.0.0.${id}` }))
let now = startOfDay

function host(): Host {
  const real = realHost()
  return { ...real, clock: { ...real.clock, now: () => now } }
}

async function filled(): Promise<Store> {
  now = startOfDay
  const store = await stores.open({ host: host() })
  const make = new FrameMaker()
  for (const { address } of rows) {
    await store.projection.apply([make.flows([{ src: address, dst: '10.9.9.9' }])])
    await store.projection.commit()
  }
  return store
}

async function files(end: 'parquet' | 'copy'): Promise<string[]> {
  return (await readdir(stores.directory))
    .filter((name) => name.startsWith('endpoints-') && name.endsWith(`.${end}`))
    .sort()
    .map((name) => join(stores.directory, name))
}

async function contents(): Promise<string[]> {
  return Promise.all([...(await files('parquet')), ...(await files('copy'))].map((path) => readFile(path, 'base64')))
}

const addresses = (store: Store): Promise<unknown> =>
  queryRows(store.reader, 'SELECT src_addr AS address FROM flows ORDER BY 1')

async function flip(path: string): Promise<void> {
  const bytes = await readFile(path)
  await writeFile(path, bytes.with(bytes.length >> 1, (bytes[bytes.length >> 1] ?? 0) ^ 8))
}

const damages: Record<string, (path: string) => Promise<void>> = {
  'a flipped bit': flip,
  'a missing file': (path) => rm(path),
  'a truncated file': (path) => truncate(path, 100),
}

it.each(Object.keys(damages))('%s costs no row, in a running store and after a restart', async (how) => {
  const store = await filled()
  const before = await contents()
  expect(before).toHaveLength(4)
  await damages[how]?.((await files('parquet'))[0] ?? '')
  expect(await addresses(store)).toEqual(rows)
  expect(await contents()).toEqual(before)
  await stores.close()
  await damages[how]?.((await files('parquet'))[1] ?? '')
  expect((await checkStore({ host: host(), directory: stores.directory })).check.damaged).toEqual([])
  const log = recordingLog()
  const again = await stores.open({ host: host(), log })
  expect(await addresses(again)).toEqual(rows)
  expect(await contents()).toEqual(before)
  expect(again.ledger()).toMatchObject({ stored: { netflow: 2 }, quarantined: { netflow: 0 } })
  expect(log.lines.map(({ message }) => message)).toEqual(['Rewrote a damaged store file from its copy.'])
})

it('a damaged copy, and the missing one of an earlier version, are written again in the background', async () => {
  await filled()
  const before = await contents()
  await stores.close()
  const [first = '', second = ''] = await files('copy')
  await flip(first)
  await rm(second)
  const real = host()
  let passed = 0
  const monotonic = (): number => real.clock.monotonic() + passed
  const store = await stores.open({ host: { ...real, clock: { ...real.clock, monotonic } } })
  passed = 10_000
  await store.maintain()
  expect(await contents()).toEqual(before)
})

it('both count for the size, and merges and retention remove both', async () => {
  const store = await filled()
  const sizes = async (): Promise<number> => {
    const names = (await readdir(stores.directory)).filter((name) => /\.(?:parquet|copy|sums)$/.test(name))
    const all = await Promise.all(names.map((name) => stat(join(stores.directory, name))))
    return all.reduce((sum, { size }) => sum + size, 0)
  }
  expect(store.status().bytes).toBe(await sizes())
  now = startOfDay + 26 * msPerHour
  while (await store.maintain());
  expect(await addresses(store)).toEqual(rows)
  expect([await files('parquet'), await files('copy')].map(({ length }) => length)).toEqual([1, 1])
  expect(store.status().bytes).toBe(await sizes())
  await stores.close()
  const short = await stores.open({ host: host(), retain: { ageMs: msPerHour } })
  await short.maintain()
  expect([...(await files('parquet')), ...(await files('copy'))]).toEqual([])
})

it('without a manifest the copy stands for a lost file, and a copy of no file is removed', async () => {
  await filled()
  await stores.close()
  const [first = '', second = ''] = await files('parquet')
  await rm(first)
  await flip(second)
  for (const name of await readdir(stores.directory))
    if (name.startsWith('manifest-')) await rm(join(stores.directory, name))
  const alone = first.replace(/-[0-9a-f]{16}\./, '-00000000deadbeef.')
  await writeFile(`${alone}.copy`, 'not a file')
  const store = await stores.open({ host: host() })
  expect(await addresses(store)).toEqual(rows)
  expect(await files('copy')).toHaveLength(2)
})
