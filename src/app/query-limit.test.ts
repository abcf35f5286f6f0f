import { expect, test } from 'vitest'
import { start } from '../api/testing/kit.ts'
import { RecordingControl } from '../api/testing/recording-control.ts'
import type { StoreReader } from '../engine/control.ts'
import { realHost } from '../host/index.ts'
import { storeOfTest } from '../store/testing/temporary.ts'
import { limitQueries } from './query-limit.ts'

const waiting = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
const never: StoreReader = {
  query: (_sql, _format, signal) => waiting(signal),
  edges: (_query, signal) => waiting(signal),
}
const { timers } = realHost()
const timeout = { code: 'WEIR_QUERY_TIMEOUT', message: expect.stringContaining('(store.query_timeout)') }

test('a stalled edge request ends with an error that names the setting', async () => {
  await expect(
    limitQueries(never, 5, timers).edges(
      { near: [], limit: 1, span: { from: 0n, to: 1n }, relations: undefined, namespaces: undefined },
      new AbortController().signal,
    ),
  ).rejects.toMatchObject(timeout)
})

test('a query of the store without progress ends with an error that names the setting', async () => {
  const { reader } = await storeOfTest()
  const sql = 'SELECT count(*) FROM range(100000000000) a, range(100000000000) b WHERE a.range % 7 = b.range % 11'
  await expect(limitQueries(reader, 50, timers).query(sql, 'json', new AbortController().signal)).rejects.toMatchObject(
    timeout,
  )
})

test('a page without progress gets 504 and advice on its range, groups and the setting', async () => {
  const control = new RecordingControl()
  control.store = limitQueries(never, 5, timers)
  const { api } = await start({ control })
  const answer = await fetch(`${api.url}/api/v1/flows?group=src_addr`)
  expect(answer.status).toBe(504)
  expect(await answer.json()).toMatchObject({
    type: 'urn:weir:problem:query-timeout',
    code: 'WEIR_QUERY_TIMEOUT',
    detail: expect.stringContaining('no progress for 0.005 s'),
    hints: [expect.stringMatching(/shorter time range.*filter.*fewer groups.*`store\.query_timeout`/)],
  })
})

test('an API for Grafana reports it as a timeout', async () => {
  const control = new RecordingControl()
  control.store = limitQueries(never, 5, timers)
  const { api } = await start({ control })
  const answer = await fetch(`${api.url}/prometheus/api/v1/query?query=sum(weir_flow_bytes)`)
  expect({ status: answer.status, body: await answer.json() }).toMatchObject({
    status: 503,
    body: { status: 'error', errorType: 'timeout', error: timeout.message },
  })
})
