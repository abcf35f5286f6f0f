import { expect, test } from 'vitest'
import type { StoredSums, StoreReader } from '../../../engine/control.ts'
import type { HourSum } from '../../../model/hour-sums.ts'
import { groupsSql } from '../../../query/plan/index.ts'
import { local } from '../../../api/access/principal.ts'
import { flowSums, hourlyFlows } from './flow-sums.ts'
import { groupField, rowQueryOf } from '../row-query.ts'
import { pieces } from '../../../api/testing/recording-control.ts'

const [now, hour] = [Date.UTC(2026, 10, 27), 3_600_000]
const { signal } = new AbortController()

/** Whether the statement reads hours apart, in ClickHouse with `flows` in each of the last 24 hours. */
async function readsHours(group: string, flows: number, hourSums: readonly HourSum[], from = 'now-24h') {
  const statements: string[] = []
  const hours = Array.from({ length: 24 }, (_, at) => {
    const start = now - (24 - at) * hour
    return { from: start, to: start + hour, rows: flows }
  })
  const sums = { flows: { rows: 24 * flows, first: now - 24 * hour, hours }, hourSums } as unknown as StoredSums
  const store: StoreReader = {
    dialect: 'clickhouse',
    query: (sql) => {
      statements.push(sql)
      return Promise.resolve(pieces('[]'))
    },
    edges: () => Promise.resolve([]),
    sums: () => Promise.resolve(sums),
  }
  const fields = group.split(',').map(groupField)
  const request = { ...rowQueryOf({ from }, 'flow_time', now, local), group: fields, by: 'bytes', limit: 10 } as const
  await flowSums(store, request, { fields, step: undefined }, groupsSql, { signal })
  expect(statements).toHaveLength(1)
  return statements[0]?.includes(') hours') === true
}

test('many flows of ClickHouse are read from sums by hour', async () => {
  const all = ['services', 'sources', 'destinations'] as const
  expect(await readsHours('src_addr', hourlyFlows, all)).toBe(true)
  expect(await readsHours('service_port,proto', hourlyFlows, all)).toBe(true)
})

test('few flows are not, because the plan of hours takes longer', async () => {
  expect(await readsHours('src_addr', hourlyFlows / 25, ['sources'])).toBe(false)
  // Few of the range, in a store with many.
  expect(await readsHours('src_addr', hourlyFlows / 6, ['sources'], 'now-5h')).toBe(false)
})

test('only sums that the table has are read', async () => {
  expect(await readsHours('src_addr', hourlyFlows, ['services'])).toBe(false)
  expect(await readsHours('src_addr,dst_addr', hourlyFlows, ['sources', 'destinations'])).toBe(false)
  expect(await readsHours('src_addr,dst_addr', hourlyFlows, ['pairs'])).toBe(true)
  expect(await readsHours('src_addr', hourlyFlows, [])).toBe(false)
})
