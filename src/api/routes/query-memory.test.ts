import { expect, test } from 'vitest'
import { startStored } from '../testing/stored.ts'

const received = Date.parse('2026-11-20T10:00:00Z')

test('a query beyond the memory of the store gets 422 and the setting, and the next one its rows', async () => {
  const api = await startStored({}, { memoryLimit: { reader: '12MB' } })
  const flows = Array.from({ length: 60_000 }, (_, index) => ({
    src: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
    dst: '10.0.0.9',
    bytes: index,
  }))
  await api.add(flows, received)
  const span = { from: String(received - 60_000), to: String(received + 60_000) }
  const grouped = { group: 'src_addr,dst_addr,src_port,dst_port', by: 'bytes', source: 'raw' }
  const { status, body } = await api.get('flows', { ...span, ...grouped })
  expect({ status, code: body['code'], type: body['type'] }).toEqual({
    status: 422,
    code: 'WEIR_QUERY_MEMORY',
    type: 'urn:weir:problem:query-memory',
  })
  expect(body['detail']).not.toMatch(/memory_limit|SET /)
  expect(body['hints']).toEqual([expect.stringMatching(/shorter time range.* `store\.memory`/)])
  expect(await api.get('flows', { ...span, columns: 'bytes', limit: '1' })).toMatchObject({
    status: 200,
    body: { rows: [[expect.any(Number)]] },
  })
})
