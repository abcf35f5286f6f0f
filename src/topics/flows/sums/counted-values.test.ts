import { expect, test } from 'vitest'
import { SeededRandom } from '../../../../test/kit/random.ts'
import { drawn } from '../../../../test/kit/seeds.ts'
import { WeirError } from '../../../model/errors.ts'
import { groupsSql, type GroupsRequest } from '../../../query/plan/index.ts'
import { flowBatch } from '../../../store/testing/frames.ts'
import { groupField, rowQueryOf } from '../row-query.ts'
import { local } from '../../../api/access/principal.ts'
import { countedValues } from './counted-values.ts'
import { flowSums } from './flow-sums.ts'
import type { SumRow } from './request.ts'
import { readRows } from '../../rows.ts'
import { startStored } from '../../../api/testing/stored.ts'

const now = Date.now()
const day = 86_400_000
const { signal } = new AbortController()

async function stored(largest: number | bigint) {
  const api = await startStored()
  const random = new SeededRandom(5)
  for (const received of [now - day, now - 1000]) {
    const specs = Array.from({ length: 300 }, () => ({
      src: `10.0.0.${random.integer(1, 12)}`,
      dst: `10.0.1.${random.integer(1, 9)}`,
      bytes: random.pick([0, 7, 1000, random.integer(1, 100_000), largest]),
      packets: random.integer(0, 3),
      ...(random.chance(0.5) ? { sampling: random.pick([1, 100]) } : {}),
    }))
    await api.addBatch(flowBatch(specs, received), received)
  }
  return api.store.reader
}

function requestOf(group: readonly string[], of: string, filter = ''): GroupsRequest {
  const rowQuery = rowQueryOf({ from: String(now - 2 * day), filter }, 'flow_time', now, local)
  return { ...rowQuery, group: group.map(groupField), of: groupField(of), by: 'p95', limit: 7, doubles: true }
}

test.each([
  ['small', 5000],
  ['beyond doubles', 18_446_744_073_709_551_615n],
] as const)('statistics of counted values equal those of all values: %s values', async (_, largest) => {
  const reader = await stored(largest)
  const combinations = [['proto'], ['src_addr'], ['dst_endpoint', 'sampling']].flatMap((group) =>
    ['bytes', 'bytes_est', 'packets', 'sampling', 'dst_port', 'in_if'].flatMap((of) =>
      (['p50', 'p99', 'avg', 'max', 'bytes'] as const).flatMap((by) =>
        ['', 'bytes > 7', 'src_addr = 10.9.9.9'].map((filter) => ({ group, of, by, filter })),
      ),
    ),
  )
  for (const { group, of, by, filter } of drawn(combinations, 25)) {
    const { doubles: _doubles, ...plain } = { ...requestOf(group, of, filter), by }
    const request: GroupsRequest = { ...plain, further: ['drop_bytes'] }
    const groups = { fields: request.group, step: undefined }
    const counted = await flowSums(reader, request, groups, groupsSql, { signal, many: -1 })
    expect(rounded(counted)).toEqual(rounded(await readRows<SumRow>({ store: reader, signal }, groupsSql(request))))
  }
})

/** Means beyond 2^53 differ in the last bit. */
function rounded(rows: readonly SumRow[] | undefined) {
  return rows?.map((row) => ({
    ...row,
    _avg: typeof row['_avg'] === 'number' ? row['_avg'].toPrecision(14) : row['_avg'],
  }))
}

test('values of which few are equal are not counted', async () => {
  const reader = await stored(5000)
  const request = requestOf(['proto'], 'bytes')
  expect(await countedValues(reader, request, 600, signal)).toHaveLength(1)
  expect(await countedValues(reader, request, 100_000_000, signal)).toHaveLength(1)
  const query: typeof reader.query = (sql, ...more) =>
    reader.query(sql.replaceAll('AS "_groups"', '+ 1000000 AS "_groups"'), ...more)
  expect(await countedValues({ ...reader, query }, request, 600, signal)).toBe('none')
})

test.each(['dns_latency', 'bytes'])('other fields, and no group, are not counted: %s', async (of) => {
  const reader = await stored(5000)
  const request = { ...requestOf(of === 'bytes' ? [] : ['proto'], 'bytes'), of: groupField(of) }
  expect(await countedValues(reader, request, 600, signal)).toBe('none')
})

test('all values are sorted if their counts need too much memory', async () => {
  const reader = await stored(5000)
  const query: typeof reader.query = (sql, ...more) =>
    sql.includes('counted AS')
      ? Promise.reject(new WeirError('WEIR_QUERY_MEMORY', 'The query needs more memory than is left.'))
      : reader.query(sql, ...more)
  const request = requestOf(['proto'], 'bytes')
  const groups = { fields: request.group, step: undefined }
  const options = { signal, many: -1 }
  expect(await flowSums({ ...reader, query }, request, groups, groupsSql, options)).toEqual(
    await flowSums(reader, request, groups, groupsSql, options),
  )
})
