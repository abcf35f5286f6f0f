import { expect, it } from 'vitest'
import { SeededRandom } from '../../../../test/kit/random.ts'
import { local } from '../../../api/access/principal.ts'
import { startStored } from '../../../api/testing/stored.ts'
import type { StoreReader } from '../../../engine/control.ts'
import { groupsSql, type GroupsRequest } from '../../../query/plan/index.ts'
import { flowBatch } from '../../../store/testing/frames.ts'
import { readRows } from '../../rows.ts'
import { groupField, rowQueryOf } from '../row-query.ts'
import { addressGroups } from './address-groups.ts'
import type { SumRow } from './request.ts'

const now = Date.now()
const day = 86_400_000
const { signal } = new AbortController()

type Api = Awaited<ReturnType<typeof startStored>>

const random = new SeededRandom(21)

/** Sums are few, so that many groups have equal ones. */
async function addFlows(api: Api, received: number, addresses: number) {
  const specs = Array.from({ length: 400 }, () => ({
    src: `10.0.${random.integer(0, 3)}.${random.integer(1, addresses)}`,
    dst: '10.9.0.1',
    bytes: random.pick([0, 7, 7, 1000]),
  }))
  const { columns, ...batch } = flowBatch(specs, received)
  const { src_addr: sources } = columns
  if (sources?.kind !== 'ip') throw new Error('no addresses')
  const valid = Uint8Array.from({ length: 50 }, () => random.integer(0, 255))
  await api.addBatch({ ...batch, columns: { ...columns, src_addr: { ...sources, valid } } }, received)
}

/** Records its statements. */
function observed({ store: { reader } }: Api) {
  const statements: string[] = []
  const query: StoreReader['query'] = (sql, ...more) => {
    statements.push(sql)
    return reader.query(sql, ...more)
  }
  return { statements, reader: { ...reader, edges: reader.edges.bind(reader), query } }
}

function requestOf(
  group: string,
  { by, limit, filter }: Readonly<Pick<GroupsRequest, 'by' | 'limit'> & { filter: string }>,
) {
  const rowQuery = rowQueryOf({ from: String(now - 3 * day), filter }, 'flow_time', now, local)
  return { ...rowQuery, group: [groupField(group)], by, limit, doubles: true } satisfies GroupsRequest
}

const shown = (rows: readonly SumRow[] | 'none' | undefined) =>
  rows === 'none'
    ? []
    : (rows ?? []).map((row) =>
        Object.fromEntries(
          Object.entries(row).filter(
            ([name]) =>
              /^_(?:g0|place|least|next|rest|(?:all_)?\w*s)$/.test(name) && name !== '_ids' && name !== '_addresses',
          ),
        ),
      )

it('groups by addresses of one id equal those of a join, also when endpoints arrive', async () => {
  const api = await startStored()
  await addFlows(api, now - 2000, 9)
  const { reader, statements } = observed(api)
  let endpoints = 1
  const expectEqual = async (request: GroupsRequest) => {
    const rows = await addressGroups(reader, request, { endpoints, signal })
    const { doubles: _, ...slow } = request
    expect(shown(rows)).toEqual(shown(await readRows<SumRow>({ store: reader, signal }, groupsSql(slow))))
  }
  const queries = ['', 'bytes > 0', 'bytes > 5000'].flatMap((filter) =>
    (['bytes', 'flows'] as const).flatMap((by) => [1, 5, 30, 1000].map((limit) => ({ filter, by, limit }))),
  )
  const unjoined = () => statements.splice(0).filter((sql) => sql.includes('_single')).length
  // The first request of a number of endpoints joins, and the second one counts.
  for (const query of queries) await expectEqual(requestOf('src_addr', query))
  expect(unjoined()).toBe(queries.length - 2)
  // Further addresses, and a request that does not know of them.
  await addFlows(api, now - 1000, 12)
  for (const query of queries) await expectEqual(requestOf('src_addr', query))
  expect(unjoined()).toBe(queries.length - 2)
  endpoints = 2
  for (const query of queries) await expectEqual(requestOf('dst_addr', query))
  expect(unjoined()).toBe(queries.length - 2)
  // Addresses of another day have other ids.
  await addFlows(api, now - day, 9)
  for (const query of queries) await expectEqual(requestOf('src_addr', query))
  expect(unjoined()).toBe(1)
})

it('other groups have no statement without a join', async () => {
  const api = await startStored()
  await addFlows(api, now - 1000, 9)
  const request = requestOf('src_port', { by: 'bytes', limit: 3, filter: '' })
  expect(await addressGroups(api.store.reader, request, { endpoints: 1, signal })).toBe('none')
})
