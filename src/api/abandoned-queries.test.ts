import { get } from 'node:http'
import { expect, test } from 'vitest'
import type { StoreReader } from '../engine/control.ts'
import { start } from './testing/kit.ts'
import { RecordingControl } from './testing/recording-control.ts'

const requests = [
  '/api/v1/flows',
  '/api/v1/flows?sort=-bytes',
  '/api/v1/flows?group=src_addr,dst_addr',
  '/api/v1/flows?group=proto&of=rtt&by=p99',
  '/api/v1/series?group=src_addr',
  '/api/v1/topology',
  '/api/v1/conversations',
  '/api/v1/export?format=csv',
  '/api/v1/export?format=ndjson',
  '/api/v1/home',
  '/api/v1/changes',
  '/api/v1/changes/sums?from=now-1h',
  '/api/v1/audit',
  '/api/v1/audit/first-seen',
  '/api/v1/resources',
  '/api/v1/images',
  '/api/v1/problems',
  '/api/v1/inventory',
  '/api/v1/spend',
  '/api/v1/events/series?family=point&field=/value',
  '/api/v1/graph?ref=workload:prod/Deployment/shop/api',
  '/prometheus/api/v1/query_range?query=rate(weir_flow_bytes_total[5m])&start=1764000000&end=1764003600&step=60',
  '/loki/api/v1/query_range?query={family="audit"}',
] as const

/** Statements that never end by themselves. */
async function endlessStore() {
  const control = new RecordingControl()
  const signals: AbortSignal[] = []
  const endless = (signal: AbortSignal) => {
    signals.push(signal)
    return new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error))
    })
  }
  control.store = {
    ...(control.store as StoreReader),
    query: (_sql, _format, signal) => endless(signal),
    isolated: (_query, signal) => endless(signal),
    edges: (_query, signal) => endless(signal),
  }
  const { port } = await start({ control, failures: [400, 404] })
  return { port, signals }
}

test.each(requests)('%s: the statements end when the client disconnects', { timeout: 30_000 }, async (path) => {
  const { port, signals } = await endlessStore()
  const answered = { status: 0 }
  const request = get({ port, path }, (answer) => {
    answered.status = answer.statusCode ?? 0
    answer.setEncoding('utf8').on('data', (text: string) => Object.assign(answered, { text }))
  }).on('error', () => undefined)
  await expect.poll(() => [signals.length > 0, answered], { timeout: 20_000 }).toEqual([true, { status: 0 }])
  request.destroy()
  await expect.poll(() => signals.filter(({ aborted }) => !aborted).length).toBe(0)
})
