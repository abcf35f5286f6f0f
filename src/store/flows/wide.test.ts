import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect, it } from 'vitest'
import { SeededRandom } from '../../../test/kit/random.ts'
import { seeds } from '../../../test/kit/seeds.ts'
import { realHost } from '../../host/index.ts'
import { flowFields, type Field } from '../../model/fields.ts'
import type { Store } from '../index.ts'
import { msPerHour } from '../names.ts'
import { anyFlows, type AnyCell, type AnyFlows } from '../testing/any-flows.ts'
import { queryRows } from '../testing/query-rows.ts'
import { FrameMaker, startOfDay } from '../testing/frames.ts'
import { temporaryStores } from '../testing/temporary.ts'

const stores = temporaryStores()
const fields = flowFields as readonly Field[]
const kindOf = new Map(fields.map(({ name, kind }) => [name, kind]))

function shown(field: string, cell: AnyCell): unknown {
  if (cell === null) return null
  const kind = kindOf.get(field)
  if (field === 'time_skewed') return cell !== 0
  if (kind === 'time') return Math.round(Number(cell) * 1000)
  if (kind === 'json') return JSON.parse(String(cell)) as unknown
  if (kind === 'u64') return Number.isSafeInteger(Number(cell)) ? Number(cell) : cell
  return cell
}

function expected(made: readonly AnyFlows[]): Record<string, unknown>[] {
  return made.flatMap(({ batch, cells }) =>
    Array.from({ length: batch.count }, (_, row) =>
      Object.fromEntries(
        fields.map(({ name }) => {
          const cell = cells[name]?.[row] ?? null
          return [name, name === 'time_received' && cell === null ? startOfDay * 1000 : shown(name, cell)]
        }),
      ),
    ),
  )
}

const inOrder = fields
  .map(({ name, kind }) => (kind === 'time' ? `epoch_us("${name}") AS "${name}"` : `"${name}"`))
  .join(', ')

async function stored(store: Store): Promise<Record<string, unknown>[]> {
  return queryRows(
    store.reader,
    `SELECT ${inOrder} FROM flows ORDER BY split_part(_pos, ':', 3)::INTEGER, split_part(_pos, ':', 4)::INTEGER`,
  )
}

function sameRows(found: readonly Record<string, unknown>[], wanted: readonly Record<string, unknown>[]): void {
  expect(found.length).toBe(wanted.length)
  for (const [row, cells] of wanted.entries()) {
    if (isDeepStrictEqual(found[row], cells)) continue
    for (const [name, cell] of Object.entries(cells))
      expect({ row, [name]: found[row]?.[name] }).toEqual({ row, [name]: cell })
  }
}

it.each(seeds(1, 8))(
  'every field of the registry is read back unchanged, before and after merging (seed %i)',
  async (seed) => {
    const random = new SeededRandom(seed)
    let now = startOfDay
    const real = realHost()
    const store = await stores.open({ host: { ...real, clock: { ...real.clock, now: () => now } } })
    const make = new FrameMaker()
    const made = Array.from({ length: 6 }, () =>
      anyFlows(random, random.pick([1, 2, 7, 8, 300, 3000]), random.pick([0.05, 0.5, 1]), startOfDay),
    )
    const answers = expected(made)
    for (const { batch } of made) {
      await store.projection.apply([make.batch(batch, startOfDay, 'netflow')])
      if (random.chance(0.6)) await store.projection.commit()
    }
    await store.projection.commit()
    sameRows(await stored(store), answers)
    now += 2 * msPerHour
    while (await store.maintain());
    expect((await readdir(stores.directory)).filter((name) => /^flows-.*parquet$/.test(name))).toHaveLength(1)
    sameRows(await stored(store), answers)
    const rows = answers.length
    expect(await queryRows(store.reader, 'SELECT count(*) AS n, count(DISTINCT _pos) AS p FROM flows')).toEqual([
      { n: rows, p: rows },
    ])
  },
)

it('a file has exactly the columns with a value in some row', async () => {
  const store = await stores.open()
  const make = new FrameMaker()
  const batch = { ...make.flows([]), ...anyFlows(new SeededRandom(1), 1, 0, startOfDay) }.batch
  await store.projection.apply([
    make.flows([{ src: '10.0.0.1', dst: '10.0.0.2' }]),
    make.batch(
      {
        ...batch,
        columns: {
          rtt: { kind: 'u64', words: Uint32Array.of(5, 0) },
          dns_id: { kind: 'u16', values: Uint16Array.of(1), valid: Uint8Array.of(0) },
        },
      },
      startOfDay,
      'netflow',
    ),
  ])
  await store.projection.commit()
  const [name = ''] = (await readdir(stores.directory)).filter((file) => /^flows-.*parquet$/.test(file))
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const read = await connection.runAndReadAll(`SELECT name FROM parquet_schema('${join(stores.directory, name)}')`)
  connection.closeSync()
  instance.closeSync()
  expect(read.getRows().map(([column]) => column)).toEqual([
    'schema',
    'time_start',
    'time_end',
    'time_received',
    'src_ep',
    'dst_ep',
    'exporter_ep',
    'src_port',
    'dst_port',
    'proto',
    'bytes',
    'packets',
    'protocol',
    'protocol_version',
    'time_skewed',
    'rtt',
    '_source',
    '_epoch',
    '_sequence',
    '_row',
  ])
  expect(await queryRows(store.reader, 'SELECT rtt, dns_id, src_addr FROM flows ORDER BY _pos')).toEqual([
    { rtt: null, dns_id: null, src_addr: '10.0.0.1' },
    { rtt: 5, dns_id: null, src_addr: null },
  ])
})

it('a name from the flow has priority over the name of its address', async () => {
  const store = await stores.open()
  const make = new FrameMaker()
  const { batch } = anyFlows(new SeededRandom(1), 2, 0, startOfDay)
  const ip = (last: number[]) => ({
    kind: 'ip' as const,
    words: Uint32Array.from(last.flatMap((host) => [0, 0, 0xffff, 0x0a000000 + host])),
  })
  await store.projection.apply([
    make.batch(
      { ...batch, columns: { src_addr: ip([1, 1]), src_name: { kind: 'dict', codes: Uint32Array.of(1, 0) } } },
      startOfDay,
      'netflow',
    ),
  ])
  await store.projection.commit()
  expect(await queryRows(store.reader, 'SELECT src_name, src_label FROM flows ORDER BY _pos')).toEqual([
    { src_name: 'a', src_label: 'net=core' },
    { src_name: 'gateway', src_label: 'net=core' },
  ])
})
