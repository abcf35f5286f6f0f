import { appendFile, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, test } from 'vitest'
import { SeededRandom } from '../../../../test/kit/random.ts'
import { drawnSize, seeds } from '../../../../test/kit/seeds.ts'
import type { FlowBatch } from '../../../model/batches.ts'
import type { Column } from '../../../model/columns.ts'
import { sketchError } from '../../../model/sketch.ts'
import { flowBatch } from '../../../store/testing/frames.ts'
import { startObserved, type Observed } from '../../../api/testing/observed.ts'

const hour = 3_600_000

type Draw = (random: SeededRandom) => bigint

const distributions: Readonly<Record<string, Draw>> = {
  'heavy tail': (random) => BigInt(Math.floor(40 / (1 - random.integer(0, 999_999) / 1e6) ** 1.5)),
  constant: () => 1500n,
  'two modes': (random) => BigInt(random.chance(0.5) ? random.integer(60, 70) : random.integer(990_000, 1_010_000)),
  zeros: (random) => (random.chance(0.6) ? 0n : BigInt(random.integer(0, 3))),
  '64 bits': (random) => (1n << BigInt(random.integer(0, 63))) - 1n + (random.chance(0.5) ? 1n : 0n),
  'largest values': (random) => 2n ** 64n - 1n - BigInt(random.integer(0, 3)),
  edges: (random) => BigInt(random.pick([127, 128, 129, 130, 255, 256, 257, 65_535, 65_536])),
}

function column(rows: number, value: () => bigint | undefined): Column {
  const valid = new Uint8Array((rows + 7) >> 3)
  const values = BigUint64Array.from({ length: rows }, (_, row) => {
    const one = value()
    if (one !== undefined) valid[row >> 3]! |= 1 << (row & 7)
    return one ?? 0n
  })
  return { kind: 'u64', words: new Uint32Array(values.buffer), valid }
}

function batchOf(random: SeededRandom, received: number, rows: number, draw: Draw): FlowBatch {
  const specs = Array.from({ length: rows }, () => ({
    src: `10.0.0.${random.integer(1, 5)}`,
    dst: '10.1.0.1',
    start: received - random.pick([0, 500, 40_000, 30 * 60_000, 2 * hour]),
    received: received + random.integer(-20_000, 0),
  }))
  const batch = flowBatch(specs, received)
  const protocols = Uint8Array.from(specs, () => random.pick([6, 6, 17, 1]))
  // Sums of bytes have 63 bits.
  const small: Draw = (each) => draw(each) % 1_000_000_000_000n
  return {
    ...batch,
    columns: {
      ...batch.columns,
      proto: { kind: 'u8', values: protocols },
      bytes: column(rows, () => small(random)),
      packets: column(rows, () => small(random)),
      ...(random.chance(0.8) ? { rtt: column(rows, () => (random.chance(0.4) ? undefined : draw(random))) } : {}),
    },
  }
}

/** A store that appears to have many flows. */
async function stored(random: SeededRandom, draw: Draw): Promise<Observed> {
  const api = await startObserved()
  const many = <Rows extends { rows: number }>(rows: Rows): Rows => ({ ...rows, rows: rows.rows * 1e6 })
  api.control.store!.sums = async () => {
    const sums = api.store.status().sums
    return { ...sums, flows: { ...many(sums.flows), hours: (sums.flows.hours ?? []).map(many) } }
  }
  for (const ago of [26, 25, 3, 2, 1.5]) {
    for (let commit = 0; commit < 3; commit++) {
      const received = Date.now() - ago * hour + commit * 60_000
      await api.addBatch(batchOf(random, received, random.integer(50, 300), draw), received)
    }
  }
  while (await api.store.maintain());
  const received = Date.now() - 1000
  await api.addBatch(batchOf(random, received, 40, draw), received)
  return api
}

type Answer = Readonly<{ columns: readonly { name: string }[]; rows: readonly (readonly unknown[])[] }>

const isStatistic = (name: string) => /_(?:min|avg|p\d+|max)$/.test(name)

/** Exact but for statistics. Rows in the order of their sums. */
function expectWithin(found: Answer, exact: Answer, query: object): void {
  expect(found.columns).toEqual(exact.columns)
  expect(found.rows.length).toBe(exact.rows.length)
  for (const [at, row] of exact.rows.entries()) {
    for (const [place, { name }] of exact.columns.entries()) {
      const [value, expected] = [found.rows[at]?.[place], row[place]]
      const about = `${name} of ${JSON.stringify(query)}`
      if (!isStatistic(name) || expected === null) expect(value, about).toEqual(expected)
      else
        expect(Math.abs(Number(value) - Number(expected)), about).toBeLessThanOrEqual(
          Number(expected) * (sketchError + 1e-9),
        )
    }
  }
}

const readSketches = ({ statements }: Observed) => statements.filter((sql) => sql.includes('_sketch')).length

async function expectEqual(api: Observed, random: SeededRandom, times: number): Promise<void> {
  for (let time = 0; time < times; time++) {
    const isSeries = random.chance(0.4)
    const query = {
      ...(isSeries ? { step: random.pick(['5m', '15m', '1h', '2h']) } : { group: 'proto' }),
      of: random.pick(['bytes', 'packets', 'rtt']),
      from: String(Date.now() - Math.floor(random.pick([48, 25.5, 4, 2.5]) * hour) + random.integer(-90_000, 90_000)),
      to: String(Date.now() - random.pick([0, 0, 30 * 60_000, 2 * hour]) + random.integer(0, 2000)),
      filter: random.pick(['', 'proto = tcp', 'not proto = 17']),
    }
    const path = isSeries ? 'series' : 'flows'
    const expected = await api.get(path, { ...query, source: 'raw' })
    const found = await api.get(path, query)
    expect(found.status, JSON.stringify(found.body)).toBe(200)
    expectWithin(found.body as Answer, expected.body as Answer, query)
    expect(found.body['total']).toEqual(expected.body['total'])
    if (found.body['source'] === 'sketch')
      expect(found.body).toMatchObject({ exact: false, relative_error: sketchError })
  }
}

it.each(seeds(1, 3).flatMap((seed) => Object.keys(distributions).map((distribution) => ({ seed, distribution }))))(
  'statistics of $distribution have the stated error (seed $seed)',
  async ({ seed, distribution }) => {
    const random = new SeededRandom(seed)
    const api = await stored(random, distributions[distribution]!)
    await expectEqual(api, random, drawnSize(8, 30))
    expect(readSketches(api)).toBeGreaterThan(2)
  },
)

test('missing and damaged sums change no result beyond the stated error', async () => {
  const random = new SeededRandom(7)
  const api = await stored(random, distributions['heavy tail']!)
  const files = (await readdir(api.directory)).filter((name) => name.endsWith('.sums'))
  expect(files.length).toBeGreaterThan(2)
  await rm(join(api.directory, files[0]!))
  const path = join(api.directory, files[1]!)
  const bytes = await readFile(path)
  await writeFile(path, bytes.with(100, (bytes[100] ?? 0) ^ 1))
  await appendFile(join(api.directory, files[2]!), 'x')
  await expectEqual(api, random, drawnSize(8, 30))
  expect(readSketches(api)).toBeGreaterThan(2)
})
