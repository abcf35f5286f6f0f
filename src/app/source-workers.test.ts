import { MessageChannel, type Worker } from 'node:worker_threads'
import { expect, onTestFinished, test } from 'vitest'
import { serve, type Methods, type Remote } from '../engine/rpc.ts'
import { SourceWorkers, type SourceWorkersOptions } from './source-workers.ts'

test('a source removed by a reload pins no frames of the journal', async () => {
  const requests: [string, unknown][] = []
  const none = { running: [], changed: [] }
  const { port1, port2 } = new MessageChannel()
  onTestFinished(() => {
    port1.close()
  })
  serve(port2, { start: () => undefined, apply: () => none } satisfies Methods)
  const ingest: Remote<Methods> = {
    call: (method, argument) => {
      requests.push([method, argument])
      return Promise.resolve(none)
    },
    fail: () => undefined,
  }
  const workers = new SourceWorkers({
    ingest: ingest as unknown as SourceWorkersOptions['ingest'],
    spawn: () => port1 as unknown as Worker,
    start: {} as SourceWorkersOptions['start'],
  })
  const [netflow, cluster] = [
    { id: 'a', type: 'netflow', settings: {} },
    { id: 'b', type: 'kubernetes', settings: {} },
  ]
  await workers.apply([netflow, cluster])
  await workers.apply([netflow, cluster])
  expect(requests.filter(([method]) => method === 'letGo')).toEqual([])
  await workers.apply([])
  expect(requests.filter(([method]) => method === 'letGo')).toEqual([['letGo', 'b']])
})
