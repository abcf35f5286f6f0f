import { expect, it } from 'vitest'
import { SeededRandom } from '../../../../test/kit/random.ts'
import { local } from '../../../api/access/principal.ts'
import { startStored } from '../../../api/testing/stored.ts'
import type { StoreReader } from '../../../engine/control.ts'
import { distinctSql, type DistinctRequest } from '../../../query/plan/index.ts'
import { flowBatch } from '../../../store/testing/frames.ts'
import { readRows } from '../../rows.ts'
import { groupField, rowQueryOf } from '../row-query.ts'
import type { SumRow } from '../sums/request.ts'
import { countsOfIds } from './stored.ts'

const now = Date.now()
const day = 86_400_000
const { signal } = new AbortController()
const random = new SeededRandom(58)

type Api = Awaited<ReturnType<typeof startStored>>

async function addFlows(api: Api, received: number, addresses: number) {
  const specs = Array.from({ length: 400 }, () => ({
    src: `10.0.${random.integer(0, 3)}.${random.integer(1, addresses)}`,
    dst: `10.9.0.${random.integer(1, 5)}`,
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
  return { statements, store: { ...reader, edges: reader.edges.bind(reader), query } }
}

function requestOf(fields: string, filter: string): DistinctRequest {
  const rowQuery = rowQueryOf({ from: String(now - 3 * day), filter }, 'flow_time', now, local)
  return { ...rowQuery, fields: fields.split(',').map(groupField) }
}

it('counts of ids equal those of texts, with flows without an address, and while endpoints arrive', async () => {
  const api = await startStored()
  await addFlows(api, now - 2000, 9)
  let endpoints = 1
  const { store, statements } = observed(api)
  const requests = ['src_addr', 'src_addr,dst_addr', 'dst_addr,proto,src_addr,src_port', 'proto,bytes'].flatMap(
    (fields) =>
      ['', 'bytes > 0', 'bytes > 5000', 'src_addr = 10.0.1.2', 'any.addr = 10.0.1.0/30'].map((filter) =>
        requestOf(fields, filter),
      ),
  )
  const expectEqual = async () => {
    for (const request of requests) {
      const row = await countsOfIds(request, { store, endpoints, signal })
      const [right] = await readRows<SumRow>({ store: api.store.reader, signal }, distinctSql(request))
      expect(row).toMatchObject(right!)
    }
    return statements.splice(0).filter((sql) => sql.includes('_single')).length
  }
  expect(await expectEqual()).toBe(requests.length - 2)
  // Further addresses, of which the number of endpoints does not know.
  await addFlows(api, now - 1000, 12)
  expect(await expectEqual()).toBeGreaterThan(0)
  // Addresses of another day have other ids.
  await addFlows(api, now - day, 9)
  endpoints = 2
  expect(await expectEqual()).toBe(0)
})
