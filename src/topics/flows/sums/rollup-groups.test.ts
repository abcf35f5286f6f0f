import { expect, test } from 'vitest'
import { SeededRandom } from '../../../../test/kit/random.ts'
import { local } from '../../../api/access/principal.ts'
import { startStored } from '../../../api/testing/stored.ts'
import { groupsSql, seriesSql, type GroupsRequest, type Rank } from '../../../query/plan/index.ts'
import { readRows } from '../../rows.ts'
import { groupField, rowQueryOf } from '../row-query.ts'
import type { SumRow } from './request.ts'
import { rollupGroups } from './rollup-groups.ts'

const now = Date.now()
const { signal } = new AbortController()
const minute = 60_000_000n

async function stored() {
  const api = await startStored()
  const random = new SeededRandom(23)
  const flows = Array.from({ length: 3000 }, () => ({
    src: `10.0.0.${Math.floor(40 * random.next() ** 3)}`,
    dst: `10.0.1.${Math.floor(40 * random.next() ** 3)}`,
    bytes: random.integer(1, 1000),
  }))
  await api.add(flows.slice(0, 2000), now - 120_000)
  await api.add(flows.slice(2000), now - 60_000)
  return api.store.reader
}

function requestOf(fields: readonly string[], filter?: string) {
  const query = { from: String(now - 3_600_000), ...(filter === undefined ? {} : { filter }) }
  const rowQuery = rowQueryOf(query, 'flow_time', now, local)
  const span = { from: (rowQuery.span.from / minute) * minute, to: (rowQuery.span.to / minute + 1n) * minute }
  return { ...rowQuery, span, group: fields.map(groupField) }
}

test('groups of a rollup in buckets and in parts equal those of one statement', async () => {
  const store = await stored()
  const cases: readonly [fields: readonly string[], by: Rank, limit: number, filter?: string][] = [
    [['src_addr', 'dst_addr'], 'bytes', 5],
    [['src_addr', 'dst_addr'], 'flows', 1],
    [['dst_addr'], 'packets', 100],
    [['src_endpoint', 'dst_endpoint', 'proto'], 'bytes', 20, 'dst_addr = 10.0.1.0/28'],
    [['src_addr', 'dst_addr'], 'bytes', 5, 'src_addr = 192.0.2.1'],
  ]
  const ways = new Set<string>()
  for (const remainder of [undefined, 'hash(src_addr, dst_addr) % 5 = 0'])
    for (const [fields, by, limit, filter] of cases) {
      const { span, ...query } = requestOf(fields, filter)
      const rollup = { view: 'flows_1m', span, ...(remainder === undefined ? {} : { remainder }) }
      const request: GroupsRequest = { ...query, span, by, limit, rollup }
      const expected = await readRows<SumRow>({ store, signal }, groupsSql(request))
      for (const most of [300, 1000]) {
        const statements: string[] = []
        const watched = {
          ...store,
          query: ((sql, ...more) => (statements.push(sql), store.query(sql, ...more))) as typeof store.query,
        }
        const rows = await rollupGroups({ store: watched, signal }, request, { many: most, most })
        ways.add(statements.length === 2 ? 'buckets' : 'parts')
        expect(rows.map(withoutCount), fields.join()).toEqual(expected.map(withoutCount))
        const [{ _all_groups: groups, _groups_error: error = 0 } = {}] = rows
        const exact = Number(expected[0]?.['_all_groups'])
        expect(Math.abs(Number(groups) - exact)).toBeLessThanOrEqual(Number(error) * exact)
      }
    }
  expect(ways).toEqual(new Set(['buckets', 'parts']))
})

function withoutCount({ _all_groups: _, _groups_error: __, ...row }: SumRow): unknown {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value === null ? null : String(value)]))
}

test('a series of a rollup by address has the sums of the flows', async () => {
  const store = await stored()
  for (const fields of [['src_addr'], ['src_endpoint', 'proto']])
    for (const limit of [1, 3, 100]) {
      const { span, ...query } = requestOf(fields)
      const request = { ...query, span, by: 'bytes' as const, limit, step: 60 }
      const ofFlows = await readRows<SumRow>({ store, signal }, seriesSql(request))
      const ofRollup = await readRows<SumRow>(
        { store, signal },
        seriesSql({ ...request, rollup: { view: 'flows_1m', span } }),
      )
      expect(ofRollup).toEqual(ofFlows)
      expect(ofFlows.length).toBeGreaterThan(2)
    }
})
