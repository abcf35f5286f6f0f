import { appendFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, test } from 'vitest'
import { SeededRandom } from '../../../../test/kit/random.ts'
import { drawnSize, seeds } from '../../../../test/kit/seeds.ts'
import type { Column } from '../../../model/columns.ts'
import type { FlowBatch } from '../../../model/batches.ts'
import { flowBatch } from '../../../store/testing/frames.ts'
import { startObserved, type Observed } from '../../../api/testing/observed.ts'

const hour = 3_600_000
const day = 24 * hour

function column(kind: 'u8' | 'u16' | 'u32', rows: number, value: () => number | undefined): Column {
  const valid = new Uint8Array((rows + 7) >> 3)
  const list = Array.from({ length: rows }, (_, row) => {
    const one = value()
    if (one !== undefined) valid[row >> 3]! |= 1 << (row & 7)
    return one ?? 0
  })
  const values = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array }[kind].from(list)
  return { kind, values, valid } as Column
}

/** Flows with all columns that sums depend on, and others. */
function batchOf(random: SeededRandom, received: number, rows: number): FlowBatch {
  const specs = Array.from({ length: rows }, () => ({
    src: `10.0.${random.integer(0, 3)}.${random.integer(1, 40)}`,
    dst: random.chance(0.1) ? '2001:db8::1' : `10.1.0.${random.integer(1, 30)}`,
    bytes: random.pick([0, 7, 1000, 123_456_789]),
    packets: random.integer(1, 50),
    ...(random.chance(0.5) ? { sampling: random.pick([1, 100]) } : {}),
    // Late, early and implausible ends.
    start: received - random.pick([0, 500, 40_000, 30 * 60_000, 2 * hour, -300_000]),
    received: received + random.integer(-20_000, 0),
  }))
  const batch = flowBatch(specs, received)
  const port = () => random.pick([0, 22, 443, 8080, 30_000, 50_000, random.integer(1, 65_535)])
  const maybe = (value: () => number) => () => (random.chance(0.3) ? undefined : value())
  const texts = (): Column => ({ kind: 'dict', codes: Uint32Array.from(specs, () => random.pick([0, 0, 0, 2, 3])) })
  return {
    ...batch,
    dictionary: ['', random.pick(['netflow5', 'netobserv']), 'web', 'db'],
    columns: {
      ...batch.columns,
      src_port: column('u16', rows, port),
      dst_port: column('u16', rows, maybe(port)),
      proto: column(
        'u8',
        rows,
        maybe(() => random.pick([6, 17])),
      ),
      tcp_flags: column(
        'u16',
        rows,
        maybe(() => random.pick([2, 18, 16, 0x110])),
      ),
      src_as: column(
        'u32',
        rows,
        maybe(() => random.pick([1, 64_512])),
      ),
      in_if: column(
        'u32',
        rows,
        maybe(() => random.integer(1, 3)),
      ),
      out_if: column(
        'u32',
        rows,
        maybe(() => random.integer(1, 3)),
      ),
      listening_side: column(
        'u8',
        rows,
        maybe(() => random.pick([1, 2])),
      ),
      time_skewed: column('u8', rows, () => Number(random.chance(0.1))),
      ...(random.chance(0.5) ? { src_name: texts(), dst_namespace: texts() } : {}),
    },
  }
}

async function stored(random: SeededRandom): Promise<Observed> {
  const api = await startObserved()
  // Of the second day, three hours have sums of the day too.
  const days = Date.now() - (Date.now() % day) - 3 * day
  const ofDays = [23, 25, 36, 47].map((hours) => days + hours * hour)
  for (const at of [...ofDays, ...[26, 25, 3, 2, 1.5].map((ago) => Date.now() - ago * hour)]) {
    for (let commit = 0; commit < 3; commit++) {
      const received = at + commit * 60_000
      await api.addBatch(batchOf(random, received, random.integer(50, 300)), received)
    }
  }
  while (await api.store.maintain());
  const received = Date.now() - 1000
  await api.addBatch(batchOf(random, received, 40), received)
  return api
}

const groups = [
  'src_endpoint',
  'dst_endpoint',
  'src_addr',
  'dst_addr,dst_name',
  'src_as',
  'dst_namespace',
  'service_port',
  'service_port,initiator,proto',
  'dst_port',
  'src_port,proto',
  'exporter_addr,in_if',
  'protocol,out_if',
]

const filters: Readonly<Record<string, readonly string[]>> = {
  src_endpoint: ['src_name = web', 'not src_addr = 10.0.0.0/24', 'src_as > 5 or src_addr = 10.0.1.7'],
  'dst_addr,dst_name': ['dst_addr = 10.1.0.0/28', 'not exists(dst_name)'],
  service_port: ['proto = tcp', 'service_port < 1024 or initiator = dst'],
  dst_port: ['dst_port in (22, 443)'],
  'exporter_addr,in_if': ['in_if = 2 and proto = udp'],
}

const shown = ({ columns, rows, others, total, exact }: Record<string, unknown>) => ({
  columns,
  rows,
  others,
  total,
  exact,
})

async function expectEqual(api: Observed, random: SeededRandom, times: number): Promise<void> {
  for (let time = 0; time < times; time++) {
    const group = random.pick(groups)
    const ago = random.pick([100, 100, 58, 48, 25.5, 4, 2.5])
    const query = {
      group,
      from: String(Date.now() - Math.floor(ago * hour) + random.integer(-90_000, 90_000)),
      to: String(
        Date.now() - random.pick([0, 0, 0, 30 * 60_000, 2 * hour, ago > 50 ? 40 * hour : 0]) + random.integer(0, 2000),
      ),
      by: random.pick(['bytes', 'packets', 'flows']),
      limit: String(random.pick([1, 5, 1000])),
      filter: random.pick(['', ...(filters[group] ?? [])]),
    }
    const expected = await api.get('flows', { ...query, source: 'raw' })
    const found = await api.get('flows', query)
    expect(expected.status).toBe(200)
    expect(shown(found.body), JSON.stringify(query)).toEqual(shown(expected.body))
    expect(found.body['exact']).toBe(true)
  }
}

const readSums = ({ statements }: Observed) => statements.filter((sql) => sql.includes('flows_by_')).length

it.each(seeds(1, 30))('top lists from the sums of files equal those of the flows (seed %i)', async (seed) => {
  const random = new SeededRandom(seed)
  const api = await stored(random)
  await expectEqual(api, random, drawnSize(15, 30))
  expect(readSums(api)).toBeGreaterThan(4)
})

test('missing and damaged sums change no result', async () => {
  const random = new SeededRandom(7)
  const api = await stored(random)
  const files = (await readdir(api.directory)).filter((name) => name.endsWith('.sums'))
  expect(files.length).toBeGreaterThan(2)
  await rm(join(api.directory, files[0]!))
  await appendFile(join(api.directory, files[1]!), 'x')
  await expectEqual(api, random, drawnSize(10, 20))
  expect(readSums(api)).toBeGreaterThan(2)
})
