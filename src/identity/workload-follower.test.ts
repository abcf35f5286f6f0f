import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { realHost } from '../host/index.ts'
import { encodeBatch, openJournal, type SegmentWriter } from '../journal/index.ts'
import { toEventBatch } from '../model/events.ts'
import { kubernetesTypes } from '../model/kubernetes.ts'
import { event, recordingLog, recordingMetrics } from '../store/testing/frames.ts'
import { pod } from './testing/objects.ts'
import { WorkloadFollower } from './workload-follower.ts'
import { WorkloadProjection } from './workload-projection.ts'

const host = realHost()
let folder: string
let journal: SegmentWriter
const stop = new AbortController()
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-follower-'))
  journal = await openJournal({ host, directory: join(folder, 'journal'), epoch: 1 })
})
afterEach(async () => {
  await journal.close()
  await rm(folder, { recursive: true, force: true })
})

async function emit(name: string): Promise<number> {
  const raw = encodeBatch(
    toEventBatch([event(name, { type: kubernetesTypes.resource, family: 'resource', json: pod(name, '10.1.0.1', 0) })]),
  )
  return (
    await journal.append({
      source: 'prod',
      stream: 'prod',
      kind: 'events',
      raw,
      count: 1,
      received: host.clock.now(),
      timeMin: Number.NaN,
      timeMax: Number.NaN,
    })
  ).position.sequence
}

test('the journal is read once a second regardless of the number of frames, and at once for waiters', async () => {
  const log = recordingLog()
  const projection = new WorkloadProjection({
    host,
    log,
    metrics: recordingMetrics(),
    directory: join(folder, 'identity'),
    isCluster: () => true,
  })
  let looks = 0
  const follower = new WorkloadFollower(
    Object.assign(projection, {
      apply: async (frames: Parameters<WorkloadProjection['take']>[0]) => {
        looks++
        projection.take(frames)
      },
    }),
    { host, journal: join(folder, 'journal'), tail: journal.tail, log },
  )
  follower.start(stop.signal)
  await follower.ready(await emit('first'), stop.signal)
  const began = host.clock.monotonic()
  looks = 0
  let last = 0
  for (let frame = 0; frame < 30; frame++) {
    last = await emit(`pod-${frame}`)
    await host.timers.sleep(20)
  }
  expect(looks).toBeLessThanOrEqual(1 + (host.clock.monotonic() - began) / 1000)
  // The next periodic read would be a second later; a waiter triggers it.
  let reads = 0
  for (; reads < 20; reads++) {
    last = await emit(`waited-${reads}`)
    await follower.ready(last, stop.signal)
    expect(projection.reached.sequence).toBeGreaterThanOrEqual(last)
  }
  expect(looks).toBeGreaterThan(1 + (host.clock.monotonic() - began) / 1000)
  expect(projection.workloads.size.objects).toBe(51)
  stop.abort()
  await follower.stopped()
})

test('without name queries the journal is not read, and a new query does not use stale names', async () => {
  const log = recordingLog()
  const projection = new WorkloadProjection({
    host,
    log,
    metrics: recordingMetrics(),
    directory: join(folder, 'identity'),
    isCluster: () => true,
  })
  const rests: number[] = []
  const ends = new AbortController()
  const sleep: typeof host.timers.sleep = (ms, signal) => {
    rests.push(ms)
    return host.timers.sleep(3_600_000, signal)
  }
  const follower = new WorkloadFollower(projection, {
    host: { ...host, timers: { ...host.timers, sleep } },
    journal: join(folder, 'journal'),
    tail: journal.tail,
    log,
  })
  follower.start(ends.signal)
  await emit('first')
  await expect.poll(() => rests.length).toBe(1)
  const last = await emit('second')
  expect(rests).toEqual([10_000])
  follower.wanted()
  await expect.poll(() => rests.length).toBe(2)
  expect([projection.reached.sequence >= last, rests[1]]).toEqual([true, 1000])
  follower.wanted()
  await host.timers.yield()
  expect(rests.length).toBe(2)
  ends.abort()
  await follower.stopped()
})
