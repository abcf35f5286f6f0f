// Responses of the API over the embedded store, ClickHouse and the memory ring for the same flows.
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { start } from '../../src/api/testing/kit.ts'
import { RecordingControl } from '../../src/api/testing/recording-control.ts'
import { realHost, type Host } from '../../src/host/index.ts'
import type { Frame } from '../../src/journal/types.ts'
import { clickhouseSettings } from '../../src/query/index.ts'
import { flowNames } from '../../src/query/names.ts'
import { conversationRanks, isSortable } from '../../src/query/plan/index.ts'
import { randomExpression } from '../../src/query/testing/expressions.ts'
import { randomRows } from '../../src/query/testing/rows.ts'
import { makeBatch } from '../../src/query/testing/tables.ts'
import { startOfDay } from '../../src/store/testing/frames.ts'
import { queryRows } from '../../src/store/testing/query-rows.ts'
import { TemporaryStores } from '../../src/store/testing/temporary.ts'
import { SeededRandom } from '../kit/random.ts'
import { drawnSize } from '../kit/seeds.ts'
import { installChdb } from './install/chdb.ts'
import { bothStores, type BothStores } from './kit/both-stores.ts'
import { startChdb, type ChdbServer } from './kit/chdb.ts'

type Parameters = Readonly<Record<string, string>>
type Body = Readonly<Record<string, unknown>>

const hour = 3_600_000
const [hours, rowsPerHour] = [8, 40]
const now = startOfDay + (hours + 1) * hour
// Both ends are within hours with flows.
const span: Parameters = { from: String(startOfDay - hour / 2), to: String(startOfDay + (hours - 1.5) * hour) }
const host: Host = { ...realHost(), clock: { ...realHost().clock, now: () => now } }
const stores = new TemporaryStores()
const frames: Frame[] = []

let server: ChdbServer
let both: BothStores

beforeAll(async () => {
  if ((await installChdb()).path === undefined) return
  server = await startChdb()
  await stores.begin()
  // Sinks get resolved rows; here no store resolves.
  const store = await stores.open({ resolver: { generation: 1, resolve: () => ({ is: 'unknown' }) } })
  both = await bothStores(server.url, 'three', store, clickhouseSettings)
  const random = new SeededRandom(58)
  for (let at = 0; at < hours; at++) {
    const received = startOfDay + at * hour
    const rows = randomRows(random, flowNames, rowsPerHour).map((row) => ({ ...row, ...timesBefore(received, random) }))
    frames.push(await both.add(makeBatch(flowNames, rows), received))
  }
}, 240_000)

beforeEach(async (context) => {
  const found = await installChdb()
  if (found.path === undefined) context.skip(found.reason)
})

afterAll(async () => {
  await both?.close()
  await stores.end()
  await server?.[Symbol.asyncDispose]()
})

/** Of a flow in the hour before it is stored. Some ends are implausible. */
function timesBefore(stored: number, random: SeededRandom): Readonly<{ time_received: bigint; time_end?: bigint }> {
  const received = BigInt(stored) * 1000n - BigInt(random.integer(0, 3_599_999)) * 1000n
  return {
    time_received: received,
    ...(random.chance(0.3) ? {} : { time_end: received - BigInt(random.integer(-90_000, 3_700_000)) * 1000n }),
  }
}

const kinds = ['embedded', 'ClickHouse', 'ring'] as const

/** APIs over all three. */
async function started() {
  const urls = await Promise.all(
    [both.embedded, both.outside, undefined].map(async (store) => {
      const control = new RecordingControl()
      control.store = store
      const { url } = (await start({ control, host, limits: { ringMs: 2 * hours * hour } })).api
      if (store === undefined) for (const frame of frames) control.hand(frame)
      return url
    }),
  )
  const differences: object[] = []
  /** Returns the number of rows. */
  const compare = async (path: string, parameters: Parameters): Promise<number> => {
    const [expected, ...others] = await Promise.all(urls.map((url) => pages(url, path, parameters)))
    for (const [at, found] of others.entries()) {
      const difference = firstDifference(expected!, found)
      if (difference !== undefined) differences.push({ path, parameters, store: kinds[at + 1], ...difference })
    }
    return expected?.rows.length ?? 0
  }
  return { compare, differences }
}

type Pages = Body & Readonly<{ rows: readonly unknown[] }>

function firstDifference(expected: Pages, found: Pages): object | undefined {
  const length = Math.max(expected.rows.length, found.rows.length)
  for (let row = 0; row < length; row++)
    if (!isDeepStrictEqual(expected.rows[row], found.rows[row]))
      return { row, expected: expected.rows[row], found: found.rows[row] }
  const [{ rows: _, ...one }, { rows: __, ...other }] = [expected, found]
  return isDeepStrictEqual(one, other) ? undefined : { expected: one, found: other }
}

/** All pages of a response. */
async function pages(url: string, path: string, parameters: Parameters): Promise<Pages> {
  const rows: unknown[] = []
  for (let cursor: string | undefined; ;) {
    const more = { ...span, ...parameters, ...(cursor === undefined ? {} : { cursor }) }
    const answer = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(more).toString()}`)
    const { columns, next, total, others, detail, ...body } = (await answer.json()) as Body
    if (answer.status !== 200) return { status: answer.status, detail, rows }
    const names = (columns as readonly { name: string }[]).map(({ name }) => name)
    rows.push(...(body['rows'] as readonly (readonly unknown[])[]).map((row) => row.map(rounded(names))))
    if (typeof next !== 'string') return { status: answer.status, names, total, others, rows }
    cursor = next
  }
}

/** The order of the summands of a mean differs. */
function rounded(names: readonly string[]) {
  return (cell: unknown, at: number): unknown =>
    names[at]?.endsWith('_avg') === true && typeof cell === 'number' ? Number(cell.toPrecision(12)) : cell
}

const times = ['flow_time', 'time_received', 'time_start', 'time_end'] as const
const sortable = flowNames.fields.filter(isSortable).map(({ name }) => name)

it('random filters select the same flows, in the same order', async () => {
  const { compare, differences } = await started()
  const random = new SeededRandom(6)
  let found = 0
  for (let at = 0; at < drawnSize(20, 300); at++) {
    const sort = random.pick(sortable)
    const parameters = {
      filter: randomExpression(random, flowNames).text,
      time: random.pick(times),
      both_ways: String(random.chance(0.2)),
      sort: `${random.pick(['', '-'])}${sort}`,
      columns: `${sort},_pos`,
      limit: random.pick(['30', '1000']),
    }
    found += await compare('flows', parameters)
  }
  expect(differences).toEqual([])
  expect(found).toBeGreaterThan(1000)
}, 1_200_000)

it('all columns are the same', async () => {
  const { compare, differences } = await started()
  expect(await compare('flows', { columns: '*' })).toBeGreaterThan(100)
  expect(differences).toEqual([])
}, 120_000)

const groups = ['src_addr', 'src_endpoint', 'service_port', 'src_addr,dst_addr', 'proto,dst_port', 'src_namespace']
const sums: readonly (readonly [path: string, parameters: Parameters])[] = [
  ...groups.flatMap((group, at): (readonly [string, Parameters])[] => [
    ['flows', { group, limit: '5' }],
    ['flows', { group, limit: '100', by: 'flows', filter: 'proto = 6 or not exists(proto)' }],
    ['flows', { group, limit: '3', by: 'p95', of: ['in_if', 'rtt', 'bytes'][at % 3] ?? '' }],
    ['series', { group, step: '1h', limit: '3' }],
  ]),
  ...['addr', 'endpoint', 'name,label', 'namespace'].flatMap((scope): (readonly [string, Parameters])[] => [
    ['topology', { scope, limit: '20' }],
    ['topology', { scope, limit: '5', by: 'packets', filter: 'src.addr = 10.0.0.0/8' }],
  ]),
  ['series', { step: '30m' }],
  ['series', { step: '2h', of: 'in_if', by: 'p99', group: 'proto' }],
  ['series', { step: '1h', group: 'dst_endpoint', by: 'packets', limit: '2' }],
  ['topology', { scope: 'addr', of: 'in_if', by: 'max', limit: '5' }],
  ['flows', { group: 'dst_endpoint', limit: '10', measure: 'drop_bytes' }],
  ...conversationRanks.map((by): readonly [string, Parameters] => ['conversations', { limit: '20', by }]),
  ['conversations', { limit: '20', filter: 'any.port < 1024' }],
  ['conversations', { limit: '5', both_ways: 'false', filter: 'proto = 6' }],
]

it('sums, top lists, pairs, series, percentiles and conversations are the same', async () => {
  const { compare, differences } = await started()
  const random = new SeededRandom(7)
  let found = 0
  for (const [path, parameters] of sums) found += await compare(path, parameters)
  // Of random rows, too.
  for (let at = 0; at < drawnSize(3, 100); at++) {
    const [path, parameters] = random.pick(sums)
    const { text } = randomExpression(random, flowNames)
    found += await compare(path, { ...parameters, filter: text, time: random.pick(times) })
  }
  expect(differences).toEqual([])
  expect(sums.length).toBeGreaterThanOrEqual(40)
  expect(found).toBeGreaterThan(300)
}, 1_200_000)

it('distinct values are counted the same', async () => {
  const { compare, differences } = await started()
  for (const field of ['src_addr', 'dst_endpoint', 'service_port', 'extra'])
    expect(await compare('flows', { group: field, limit: '1' }), field).toBe(1)
  expect(differences).toEqual([])
  const sql = 'SELECT count(DISTINCT src_addr) AS addresses, count(DISTINCT src_name) AS names FROM flows'
  expect(await queryRows(both.outside, sql)).toEqual(await queryRows(both.embedded, sql))
}, 120_000)
