import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SeededRandom } from '../../../../test/kit/random.ts'
import type { StoreReader } from '../../../engine/control.ts'
import { groupsSql, type GroupsRequest, type Rank } from '../../../query/plan/index.ts'
import { readRows } from '../../rows.ts'
import type { SumRow } from './request.ts'
import { manyGroups } from './many-groups.ts'
import { groupField, rowQueryOf } from '../row-query.ts'
import { local } from '../../../api/access/principal.ts'
import { startObserved } from '../../../api/testing/observed.ts'
import { startStored } from '../../../api/testing/stored.ts'
import { watchedStore } from '../../../api/testing/watched-store.ts'

const now = Date.now()
const day = 86_400_000
const limits = { many: 0, perPart: 20, parts: 5, buckets: 64, most: 60 }
const countsAll = true
const signal = new AbortController().signal

test.each([
  { type: 'DOUBLE', sizes: [0, 7, 1000], queried: 7 },
  // The type concerns only the sums of a statement, which the first questions have.
  { type: 'HUGEINT', sizes: [0, 7, 18_446_744_073_709_551_615n], queried: 3 },
])(
  'groups read in parts equal those of one statement, as $type',
  async ({ type, sizes, queried }) => {
    const api = await startStored()
    const random = new SeededRandom(7)
    const addresses = Array.from({ length: 24 }, (_, index) =>
      index % 3 === 0 ? `2001:db8::${index.toString(16)}` : `10.0.0.${index}`,
    )
    // Ids of addresses differ by day.
    for (const received of [now - day, now - 1000]) {
      await api.add(
        Array.from({ length: 400 }, () => ({
          src: random.pick(addresses),
          dst: random.pick(addresses),
          bytes: random.pick(sizes),
          ...(random.chance(0.5) ? { sampling: 100 } : {}),
        })),
        received,
      )
    }
    const statements: string[] = []
    const store: StoreReader = {
      query: (sql, format, signal) => (statements.push(sql), api.store.reader.query(sql, format, signal)),
      edges: (query, signal) => api.store.reader.edges(query, signal),
    }
    const questions: readonly [fields: readonly string[], by: Rank, limit: number, filter?: string][] = [
      [['src_addr', 'dst_addr'], 'bytes', 10],
      [['src_addr', 'dst_addr'], 'flows', 3],
      [['dst_addr', 'proto', 'src_addr'], 'packets', 1000],
      [['src_addr', 'src_name'], 'drop_bytes', 5],
      [['dst_name', 'src_addr'], 'bytes', 7, 'src_name = gateway or dst_addr = 10.0.0.0/28'],
      [['next_hop', 'dst_addr'], 'bytes', 4],
      [['exporter_addr', 'src_endpoint', 'dst_addr'], 'flows', 50],
    ]
    for (const [fields, by, limit, filter] of questions.slice(0, queried)) {
      const request: GroupsRequest = {
        ...rowQueryOf(
          { from: String(now - 2 * day), ...(filter === undefined ? {} : { filter }) },
          'flow_time',
          now,
          local,
        ),
        group: fields.map(groupField),
        by,
        limit,
        ...(by === 'drop_bytes' ? { further: ['drop_bytes'] } : {}),
        doubles: type === 'DOUBLE',
      }
      const one = await readRows<SumRow>({ store, signal }, groupsSql(request))
      statements.length = 0
      const many = (await manyGroups(store, request, { expected: 800, signal, countsAll, limits })) as Record<
        string,
        unknown
      >[]
      expect(statements.length, fields.join()).toBeGreaterThan(2)
      expect(statements.at(-1)).toContain(type === 'DOUBLE' ? 'sum("f$bytes_est")' : '"bytes"::HUGEINT')
      const bounds = ['_rest', '_least', '_next']
      const plain = (rows: readonly Record<string, unknown>[]): unknown =>
        rows.map((row) =>
          Object.fromEntries(
            Object.entries(row)
              .filter(([name]) => !bounds.includes(name))
              .sort(([a], [b]) => (a < b ? -1 : 1)),
          ),
        )
      expect(plain(many), fields.join()).toEqual(plain(one))
      expect(many.length).toBeGreaterThan(2)
    }
  },
  300_000,
)

const plainRows = (rows: readonly Record<string, unknown>[]): Record<string, unknown>[] =>
  rows.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => !/^_(?:rest|least|next)$/.test(name))))

test('addresses with one id need no joins, and one that gets a second id is one group', async () => {
  const api = await startStored()
  const random = new SeededRandom(8)
  const flowsOfDay = (received: number) =>
    api.add(
      Array.from({ length: 200 }, () => ({
        src: `10.0.0.${random.integer(1, 9)}`,
        dst: `10.0.1.${random.integer(1, 9)}`,
        bytes: random.pick([7, 1000]),
      })),
      received,
    )
  await flowsOfDay(now - 1000)
  const request: GroupsRequest = {
    ...rowQueryOf({ from: String(now - 3 * day) }, 'flow_time', now, local),
    group: ['src_addr', 'dst_addr'].map(groupField),
    by: 'flows',
    limit: 20,
    doubles: true,
  }
  const { reader } = api.store
  const watched = watchedStore(reader, 'parts AS')
  const { store, statements } = watched
  const both = async () => [
    plainRows(
      (await manyGroups(store, request, { expected: 200, signal, countsAll, limits })) as Record<string, unknown>[],
    ),
    plainRows(await readRows<SumRow>({ store: reader, signal }, groupsSql(request))),
  ]
  const [alone, expected] = await both()
  expect(alone).toEqual(expected)
  expect(statements.some((sql) => sql.includes('flow_first_ids'))).toBe(false)
  // Other ids for the same addresses, after the first statement.
  watched.before = async () => {
    watched.before = () => Promise.resolve()
    await flowsOfDay(now - 2 * day)
  }
  const [twice, expectedTwice] = await both()
  expect(twice).toEqual(expectedTwice)
  expect(statements.at(-1)).toContain('flow_first_ids')
})

test('groups of the largest buckets equal those of one statement, or all groups are read', async () => {
  const api = await startStored()
  const random = new SeededRandom(11)
  const addresses = Array.from({ length: 40 }, (_, index) => `10.0.0.${index}`)
  // Ids of addresses differ by day. Few pairs have most bytes.
  for (const received of [now - day, now - 1000])
    await api.add(
      Array.from({ length: 1500 }, () => {
        const [src, dst] = [random.pick(addresses), random.pick(addresses)]
        const isLarge = random.chance(0.1)
        return {
          src: isLarge ? `10.0.0.${random.integer(1, 3)}` : src,
          dst: isLarge ? '10.0.0.40' : dst,
          bytes: isLarge ? random.integer(90_000, 100_000) : random.integer(1, 1000),
          ...(random.chance(0.2) ? { sampling: 100 } : {}),
        }
      }),
      received,
    )
  const { store, statements } = watchedStore(api.store.reader, '')
  const proven: boolean[] = []
  for (const [by, limit, filter, doubles] of [
    ['bytes', 3, '', true],
    ['bytes', 3, 'dst_addr = 10.0.0.0/26', false],
    ['flows', 2, '', true],
    ['bytes', 300, '', true],
    ['packets', 5000, '', true],
  ] as const) {
    const request: GroupsRequest = {
      ...rowQueryOf({ from: String(now - 2 * day), filter }, 'flow_time', now, local),
      group: ['src_addr', 'dst_addr'].map(groupField),
      by,
      limit,
      doubles,
    }
    const expected = await readRows<SumRow>({ store: api.store.reader, signal }, groupsSql(request))
    statements.length = 0
    const rows = (await manyGroups(store, request, {
      expected: 3000,
      signal,
      countsAll: false,
      limits: { ...limits, buckets: 1024, most: by === 'packets' ? 10_000 : 700 },
    })) as Record<string, unknown>[]
    const what = `${by} ${limit} ${filter}`
    const { _all_groups: all, _groups_error: error = 0 } = rows[0] ?? {}
    const groups = Number(expected[0]?.['_all_groups'])
    expect(Math.abs(Number(all) - groups), what).toBeLessThanOrEqual(Number(error) * groups)
    const withoutCount = (listed: readonly Record<string, unknown>[]) =>
      listed.map(({ _all_groups: _, _groups_error: __, ...row }) => row)
    expect(withoutCount(plainRows(rows)), what).toEqual(withoutCount(plainRows(expected)))
    proven.push(!statements.some((sql) => sql.includes('% ')))
  }
  expect(proven).toEqual([true, true, true, false, true])
})

test('few groups, statistics and groups without an address use one statement', async () => {
  const api = await startStored()
  await api.add(
    Array.from({ length: 30 }, (_, index) => ({ src: `10.0.0.${index}`, dst: '10.0.1.1' })),
    now - 1000,
  )
  const question = rowQueryOf({}, 'flow_time', now, local)
  const request: GroupsRequest = { ...question, group: ['src_addr', 'dst_addr'].map(groupField), by: 'bytes', limit: 5 }
  expect(await manyGroups(api.store.reader, request, { expected: 30, signal, countsAll })).toBe('few')
  expect(
    await manyGroups(
      api.store.reader,
      { ...request, group: ['src_port', 'dst_port'].map(groupField) },
      { expected: 30, signal, countsAll, limits },
    ),
  ).toBe('few')
  expect(
    await manyGroups(
      api.store.reader,
      { ...request, by: 'p90', of: groupField('bytes') },
      { expected: 30, signal, countsAll, limits },
    ),
  ).toBe('few')
  expect(await manyGroups(api.store.reader, request, { expected: 800, signal, countsAll, limits })).toHaveLength(5)
})

test('groups of a store that lacks the addresses of a day equal those of one statement', async () => {
  const api = await startObserved()
  const random = new SeededRandom(9)
  const lost = now - 2 * day
  for (const received of [lost, now - 1000])
    await api.add(
      Array.from({ length: 200 }, () => ({
        src: `10.0.0.${random.integer(1, 9)}`,
        dst: `10.0.1.${random.integer(1, 9)}`,
        bytes: 1000,
      })),
      received,
    )
  const ofDay = `endpoints-${new Date(lost).toISOString().slice(0, 10).replaceAll('-', '')}`
  const files = (await readdir(api.directory)).filter((name) => name.startsWith(ofDay))
  expect(files.length).toBeGreaterThan(0)
  for (const name of files) await rm(join(api.directory, name))
  const request: GroupsRequest = {
    ...rowQueryOf({ from: String(now - 3 * day) }, 'flow_time', now, local),
    group: ['src_addr', 'dst_addr'].map(groupField),
    by: 'flows',
    limit: 3,
    doubles: true,
  }
  const { reader } = api.store
  const rows = (await manyGroups(reader, request, { expected: 400, signal, countsAll, limits })) as Record<
    string,
    unknown
  >[]
  expect(plainRows(rows)).toEqual(plainRows(await readRows<SumRow>({ store: reader, signal }, groupsSql(request))))
  // Flows without addresses are lost too, until the journal returns them.
  expect(rows[0]).toMatchObject({ _all_flows: 200 })
})
