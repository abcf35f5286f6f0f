import { expect, test } from 'vitest'
import { SeededRandom } from '../../../../test/kit/random.ts'
import { drawn } from '../../../../test/kit/seeds.ts'
import type { Column } from '../../../model/columns.ts'
import { WeirError } from '../../../model/errors.ts'
import { groupsSql, seriesSql, type GroupsRequest, type SeriesRequest } from '../../../query/plan/index.ts'
import type { QueryField } from '../../../query/index.ts'
import { flowBatch } from '../../../store/testing/frames.ts'
import { local } from '../../../api/access/principal.ts'
import { candidateSums } from './candidate-sums.ts'
import { flowSums } from './flow-sums.ts'
import { groupField, rowQueryOf } from '../row-query.ts'
import type { SumRow } from './request.ts'
import { readRows } from '../../rows.ts'
import { startStored } from '../../../api/testing/stored.ts'

const now = Date.now()
const day = 86_400_000
const { signal } = new AbortController()
/** Any number of flows is more. */
const noFlows = -1

/** A reader that records its statements. */
function observed({ store: { reader } }: Awaited<ReturnType<typeof startStored>>) {
  const statements: string[] = []
  const query: typeof reader.query = (sql, ...more) => {
    statements.push(sql)
    return reader.query(sql, ...more)
  }
  return { statements, reader: { edges: reader.edges.bind(reader), query } }
}

async function stored(largest: number | bigint) {
  const api = await startStored()
  const random = new SeededRandom(11)
  const dictionary = ['', 'netflow5', 'web', 'db', '10.0.0.3']
  // Ids of addresses differ by day, and a name can equal an address.
  for (const received of [now - day, now - 1000]) {
    const specs = Array.from({ length: 300 }, () => ({
      src: `10.0.0.${random.integer(1, 12)}`,
      dst: `10.0.1.${random.integer(1, 9)}`,
      bytes: random.pick([0, 7, 1000, largest]),
      ...(random.chance(0.5) ? { sampling: 100 } : {}),
    }))
    const texts = (): Column => ({
      kind: 'dict',
      codes: Uint32Array.from(specs, () => random.pick([0, 0, 2, 3, 4])),
    })
    const batch = flowBatch(specs, received)
    const named = { src_name: texts(), src_owner_name: texts(), src_label: texts(), dst_label: texts() }
    await api.addBatch({ ...batch, dictionary, columns: { ...batch.columns, ...named } }, received)
  }
  return api
}

const shown = (rows: readonly SumRow[] | undefined) =>
  rows?.map((row) =>
    Object.fromEntries(
      Object.entries(row).filter(([name]) => /^_(?:g\d|place|bucket|other|(?:all_)?\w*s)$|^_drop/.test(name)),
    ),
  )

const sumsOfGroups = (rows: readonly SumRow[] | 'none' | undefined) =>
  (rows === 'none' ? [] : (rows ?? [])).map(({ _g0, _g1, _bytes, _packets, _flows }) => [
    _g0,
    _g1,
    _bytes,
    _packets,
    _flows,
  ])

test('sums of many flows test networks by ids, as those of few test them by addresses', async () => {
  const { statements, reader } = observed(await stored(5000))
  const filters = [
    'any.addr = 10.0.0.0/29',
    'not src_addr = 10.0.0.0/29',
    'src_addr in (10.0.0.9, 10.0.0.0/30)',
    'src_addr != 10.0.1.0/24 and dst_addr = 10.0.1.4/30',
    'not next_hop = 10.0.0.0/8',
    'next_hop = 10.0.0.0/8',
    'any.addr = 2001:db8::/32 or exporter_addr = 192.0.2.0/24',
    'src_addr = 10.0.0.4',
  ]
  const byIds: boolean[] = []
  for (const filter of filters) {
    const fields = ['src_addr', 'dst_addr'].map(groupField)
    const rowQuery = rowQueryOf({ from: String(now - 2 * day), filter }, 'flow_time', now, local)
    const request: GroupsRequest = { ...rowQuery, group: fields, by: 'bytes', limit: 200 }
    const few = shown(await readRows<SumRow>({ store: reader, signal }, groupsSql(request)))
    statements.length = 0
    const many = await flowSums(reader, request, { fields, step: undefined }, groupsSql, { signal, many: noFlows })
    byIds.push(statements.some((sql) => sql.includes('IN (SELECT "ep"')))
    if (few?.[0]?.['_place'] === null) expect(shown(many)?.[0]).toMatchObject({ _place: null, _all_groups: 0 })
    else expect(shown(many), filter).toEqual(few)
  }
  expect(byIds).toEqual([true, true, true, true, true, true, true, false])
})

const queries = ['', 'src_name = web or dst_addr = 10.0.1.0/30', 'src_name = none']

test.each([
  ['small', 5000],
  ['beyond doubles', 18_446_744_073_709_551_615n],
] as const)('sums of many flows equal those of few: %s values', async (_, largest) => {
  const api = await stored(largest)
  const { reader } = api.store
  const combinations = (largest === 5000 ? queries : ['']).flatMap((filter) =>
    [
      ['src_endpoint'],
      ['dst_endpoint'],
      ['proto', 'src_endpoint'],
      ['src_endpoint', 'dst_endpoint'],
      ['src_port'],
      ['src_addr'],
      ['exporter_addr', 'dst_addr', 'sampling'],
      ['next_hop', 'src_node_addr'],
    ].flatMap((group) =>
      (
        [
          ['bytes', 2, {}],
          ['flows', 100, {}],
          ['bytes', 2, { sums: ['bytes'] }],
        ] as const
      ).map((more) => [filter, group, ...more] as const),
    ),
  )
  for (const [filter, group, by, limit, some] of drawn(combinations, 14)) {
    const fields = group.map(groupField)
    const rowQuery = rowQueryOf({ from: String(now - 2 * day), filter }, 'flow_time', now, local)
    const request: GroupsRequest = { ...rowQuery, group: fields, by, limit, ...some, further: ['drop_bytes'] }
    const groups = { fields, step: undefined }
    const few = shown(await readRows<SumRow>({ store: reader, signal }, groupsSql(request)))
    const many = shown(await flowSums(reader, request, groups, groupsSql, { signal, many: noFlows }))
    if (few?.[0]?.['_place'] === null) expect(many?.[0]).toMatchObject({ _place: null, _all_groups: 0 })
    else expect(many).toEqual(few)
  }
})

test.each([['src_endpoint'], ['src_endpoint', 'dst_endpoint'], ['src_addr', 'dst_addr'], ['dst_addr', 'src_endpoint']])(
  'groups listed by a rollup get the sums of the flows: %s %s',
  async (...group) => {
    const { reader } = (await stored(5000)).store
    // A rollup that combined most flows of its groups.
    const query: typeof reader.query = (sql, ...more) =>
      reader.query(sql.replace('sum("bytes_est")', 'sum("bytes_est" // 10)'), ...more)
    const fields = group.map(groupField)
    const minute = 60_000_000n
    for (const filter of queries)
      for (const limit of [1, 200]) {
        const rowQuery = rowQueryOf({ from: String(now - 2 * day), filter }, 'flow_time', now, local)
        const span = { from: (rowQuery.span.from / minute) * minute, to: (rowQuery.span.to / minute + 1n) * minute }
        const request: GroupsRequest = { ...rowQuery, span, group: fields, by: 'bytes', limit }
        const rollup = { view: 'flows_1m', span }
        const found = await candidateSums({ store: { ...reader, query }, signal }, { ...request, rollup })
        const expected = shown(await readRows<SumRow>({ store: reader, signal }, groupsSql(request)))
        const rows = typeof found === 'object' ? found.rows : undefined
        if (expected?.[0]?.['_place'] === null) expect(found).toBe('none')
        else if (limit === 200) expect(sumsOfGroups(rows)).toEqual(sumsOfGroups(expected))
        else expect(sumsOfGroups(rows)).toHaveLength(1)
      }
  },
)

test('a list of pairs is proven only if it equals that of the flows', async () => {
  const { reader } = (await stored(5000)).store
  const minute = 60_000_000n
  const rowQuery = rowQueryOf({ from: String(now - 2 * day) }, 'flow_time', now, local)
  const span = { from: (rowQuery.span.from / minute) * minute, to: (rowQuery.span.to / minute + 1n) * minute }
  const seen = new Set<boolean>()
  for (const fields of [['src_addr', 'dst_addr'], ['dst_endpoint']])
    for (const limit of [1, 2, 5, 20])
      // Rows of this share have an unknown group.
      for (const percent of [0, 1, 10, 60]) {
        const request: GroupsRequest = { ...rowQuery, span, group: fields.map(groupField), by: 'bytes', limit }
        const remainder = `hash(src_addr, dst_addr, "time") % 100 < ${percent}`
        const rollup = { view: 'flows_1m', span, remainder }
        const found = await candidateSums({ store: reader, signal }, { ...request, rollup })
        if (typeof found !== 'object') throw new Error('no candidates')
        seen.add(found.isProven)
        const expected = shown(await readRows<SumRow>({ store: reader, signal }, groupsSql(request)))
        if (found.isProven) expect(sumsOfGroups(found.rows)).toEqual(sumsOfGroups(expected))
      }
  expect(seen).toEqual(new Set([true, false]))
})

test.each([
  ['src_endpoint', 'dst_endpoint'],
  ['dst_endpoint', 'src_endpoint'],
  ['src_endpoint,dst_endpoint', 'src_endpoint'],
  ['src_endpoint,dst_endpoint', 'dst_endpoint'],
] as const)('a pass shared by %s beside %s has the sums of both', async (group, beside) => {
  const api = await stored(5000)
  const fields = group.split(',').map(groupField)
  for (const filter of queries)
    for (const [by, limit] of [
      ['bytes', 2],
      ['flows', 100],
    ] as const) {
      const rowQuery = rowQueryOf({ from: String(now - 2 * day), filter }, 'flow_time', now, local)
      const request: GroupsRequest = { ...rowQuery, group: fields, by, limit, further: ['drop_bytes'] }
      const { statements, reader } = observed(api)
      const sums = (more: object) =>
        flowSums(reader, { ...request, ...more }, { fields, step: undefined }, groupsSql, {
          signal,
          many: noFlows,
        })
      const own = shown(await sums({}))
      expect(statements.some((sql) => sql.includes('_all_alone'))).toBe(false)
      expect(shown(await sums({ beside: groupField(beside) }))).toEqual(own)
      expect(statements.some((sql) => sql.includes('_all_alone'))).toBe(true)
    }
})

test('the three requests of an overview share one pass over the flows', async () => {
  const api = await stored(5000)
  const { statements, reader } = observed(api)
  const rowQuery = rowQueryOf({ from: String(now - 2 * day) }, 'flow_time', now, local)
  const [src, dst] = ['src_endpoint', 'dst_endpoint'].map(groupField) as [QueryField, QueryField]
  const usual = { ...rowQuery, by: 'bytes', limit: 5 } as const
  const list: GroupsRequest = { ...usual, group: [src], beside: dst }
  await flowSums(reader, list, { fields: [src], step: undefined }, groupsSql, { signal, many: noFlows })
  const pairs: GroupsRequest = { ...usual, group: [src, dst], beside: src }
  await flowSums(reader, pairs, { fields: [src, dst], step: undefined }, groupsSql, {
    signal,
    many: noFlows,
  })
  const series: SeriesRequest = { ...usual, group: [src], beside: dst, step: 3600 }
  await flowSums(reader, series, { fields: [src], step: 3600 }, seriesSql, { signal, many: noFlows })
  expect(new Set(statements.filter((sql) => sql.includes('keyed AS'))).size).toBe(1)
})

test('groups by one endpoint do without a shared pass that needs too much memory', async () => {
  const api = await stored(5000)
  const { reader } = observed(api)
  const query: typeof reader.query = (sql, ...more) =>
    sql.includes('_all_alone')
      ? Promise.reject(new WeirError('WEIR_QUERY_MEMORY', 'The query needs more memory than is left.'))
      : reader.query(sql, ...more)
  const [src, dst] = ['src_endpoint', 'dst_endpoint'].map(groupField) as [QueryField, QueryField]
  const rowQuery = rowQueryOf({ from: String(now - 2 * day) }, 'flow_time', now, local)
  const sums = (group: readonly QueryField[], beside?: QueryField) => {
    const request: GroupsRequest = { ...rowQuery, by: 'bytes', limit: 5, group, beside }
    return flowSums({ ...reader, query }, request, { fields: group, step: undefined }, groupsSql, {
      signal,
      many: noFlows,
    })
  }
  expect(shown(await sums([src], dst))).toEqual(shown(await sums([src])))
  await expect(sums([src, dst], src)).rejects.toThrow('memory')
})

test.each([
  ['small', 5000],
  ['beyond doubles', 18_446_744_073_709_551_615n],
] as const)('a series of the largest groups equals the one that groups all: %s values', async (_, largest) => {
  const api = await stored(largest)
  const { reader } = api.store
  const combinations = (largest === 5000 ? queries : ['']).flatMap((filter) =>
    [
      'src_endpoint',
      'dst_endpoint',
      'src_name',
      'src_label',
      'service_port',
      'initiator',
      'src_addr',
      'dst_addr',
    ].flatMap((field) =>
      (
        [
          ['bytes', 2],
          ['flows', 100],
        ] as const
      ).map((more) => [filter, field, ...more] as const),
    ),
  )
  for (const [filter, field, by, limit] of drawn(combinations, 12)) {
    const fields = [groupField(field)]
    const rowQuery = rowQueryOf({ from: String(now - 2 * day), filter }, 'flow_time', now, local)
    const request: SeriesRequest = { ...rowQuery, group: fields, by, limit, step: 3600, further: ['drop_bytes'] }
    const all = await readRows<SumRow>({ store: reader, signal }, seriesSql(request))
    const placed = await flowSums(reader, request, { fields, step: 3600 }, seriesSql, {
      signal,
      many: noFlows,
    })
    expect(shown(placed)).toEqual(shown(all))
  }
})

test.each([
  ['groups', undefined],
  ['series', 3600],
])('%s of a range that moves read the same middle', async (_, step) => {
  const api = await stored(5000)
  const { statements, reader } = observed(api)
  const fields = [groupField('src_name')]
  // After all flows; the edges of the hour would move the middle.
  const to = Math.floor(now / 3_600_000) * 3_600_000 + 5_400_000
  const sums = (moved: number, query: typeof reader) => {
    const range = { from: String(to - 2 * day + moved), to: String(to + moved) }
    const request = { ...rowQueryOf(range, 'flow_time', now, local), by: 'bytes', limit: 5, group: fields } as const
    return step === undefined
      ? flowSums(query, request, { fields, step }, groupsSql, { signal, many: noFlows })
      : flowSums(query, { ...request, step }, { fields, step }, seriesSql, { signal, many: noFlows })
  }
  const first = await sums(0, reader)
  const before = new Set(statements.splice(0))
  const moved = await sums(60_000, reader)
  expect(statements.filter((sql) => before.has(sql))).toHaveLength(step === undefined ? 1 : 2)
  expect(statements.filter((sql) => !before.has(sql))).toHaveLength(step === undefined ? 1 : 2)
  expect(shown(moved)).toEqual(shown(first))
})

test('many groups use one statement', async () => {
  const api = await startStored()
  const specs = Array.from({ length: 2100 }, () => ({ src: '10.0.0.1', dst: '10.0.0.2' }))
  await api.addBatch(flowBatch(specs, now - day), now - day)
  const { statements, reader } = observed(api)
  const fields = [groupField('src_port')]
  const rowQuery = rowQueryOf({ from: String(now - 2 * day) }, 'flow_time', now, local)
  const request: GroupsRequest = { ...rowQuery, group: fields, by: 'flows', limit: 5 }
  const rows = await flowSums(reader, request, { fields, step: undefined }, groupsSql, {
    signal,
    many: noFlows,
  })
  expect(shown(rows)).toEqual(shown(await readRows<SumRow>({ store: api.store.reader, signal }, groupsSql(request))))
  expect(rows?.[0]).toMatchObject({ _all_groups: 2100 })
  expect(statements).toHaveLength(2)
})
