import { expect, test } from 'vitest'
import { SeededRandom } from '../../test/kit/random.ts'
import type { Column } from '../model/columns.ts'
import { groupsSql, type GroupsRequest } from '../query/plan/index.ts'
import { flowBatch } from '../store/testing/frames.ts'
import { local } from './access/principal.ts'
import { storedEnds } from './many-groups.ts'
import { groupField, rowQueryOf } from './query-parameters.ts'
import { rowsOf } from './store-query.ts'
import { startStored } from './testing/stored.ts'

const now = Date.now()
const day = 86_400_000

test('sums by endpoint that name groups of flows equal those that name each flow', async () => {
  const api = await startStored()
  const random = new SeededRandom(11)
  const dictionary = ['', 'netflow5', 'web', 'db', '10.0.0.3']
  // Ids of addresses differ by day, and a name can equal an address.
  for (const received of [now - day, now - 1000]) {
    const specs = Array.from({ length: 300 }, () => ({
      src: `10.0.0.${random.integer(1, 12)}`,
      dst: `10.0.1.${random.integer(1, 9)}`,
      bytes: random.pick([0, 7, 1000, 18_446_744_073_709_551_615n]),
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
  const run = async (sql: string) => (await rowsOf(api.store.reader, sql, new AbortController().signal)) ?? []
  for (const filter of ['', 'src_name = web or dst_addr = 10.0.1.0/30'])
    for (const group of [['src_endpoint'], ['dst_endpoint'], ['proto', 'src_endpoint']])
      for (const limit of [2, 100]) {
        const request: GroupsRequest = {
          ...rowQueryOf({ from: String(now - 2 * day), filter }, 'flow_time', now, local),
          group: group.map(groupField),
          by: 'bytes',
          limit,
          further: ['drop_bytes'],
        }
        const named = { ...request, ends: storedEnds }
        expect(groupsSql(named)).not.toBe(groupsSql(request))
        expect(await run(groupsSql(named))).toEqual(await run(groupsSql(request)))
      }
})
