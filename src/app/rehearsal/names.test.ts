import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { realHost } from '../../host/index.ts'
import { pod } from '../../identity/testing/objects.ts'
import { WorkloadProjection } from '../../identity/index.ts'
import { kubernetesTypes } from '../../model/kubernetes.ts'
import type { WeirEvent } from '../../model/events.ts'
import { event, recordingLog, recordingMetrics } from '../../store/testing/frames.ts'
import { rehearsed, scene, unitOf } from './testing/scene.ts'

const running = `
sources:
  netflow: { listen: "127.0.0.1:2055" }
  cluster: { type: kubernetes, cluster: prod }
sinks:
  shop: { type: file, path: /tmp/weir-rehearsal-never/shop.ndjson, from: [netflow], only: { filter: src.ns = shop } }
`
const candidate = running.replace('src.ns = shop', 'src.ns = web')

const resource = (name: string, ip: string, namespace: string): WeirEvent =>
  event(name, {
    type: kubernetesTypes.resource,
    family: 'resource',
    json: pod(name, ip, 0, { namespace }),
  })

const objects = [resource('cart', '10.0.0.1', 'shop'), resource('api', '10.0.1.2', 'web')]

const sent = (report: Awaited<ReturnType<typeof rehearsed>>) => {
  const { sources = [], differences } = report.sinks.find(({ sink }) => sink === 'shop') ?? {}
  return { differences, sent: sources.map(({ running: before, candidate: after }) => [before.sent, after.sent]) }
}

test('filters by names of workloads use those of the journal, also from before the range', async () => {
  const made = await scene({ first: [unitOf('cluster', objects)] })
  const report = await rehearsed(made, { running, candidate }, { limits: { sinceMs: 24 * 3600_000, rows: 300 } })
  expect(report.range).toMatchObject({ rows: 300, skipped: 2 })
  expect(report.notes.join()).toContain('no names of workloads')
  expect(sent(report)).toMatchObject({ differences: { lost: 1, new: 1 }, sent: [[1, 1]] })
})

test('names of the data folder are used, and its files stay as they are', async () => {
  const made = await scene()
  const directory = join(made.data, 'identity')
  const projection = new WorkloadProjection({
    host: realHost(),
    log: recordingLog(),
    metrics: recordingMetrics(),
    directory,
    isCluster: () => true,
  })
  projection.begin([pod('cart', '10.0.0.1', 0), pod('api', '10.0.1.2', 0, { namespace: 'web' })], {
    sequence: 1,
    row: 0,
  })
  await projection.commit()
  const before = await readdir(directory)
  expect(sent(await rehearsed(made, { running, candidate }))).toMatchObject({
    differences: { lost: 1, new: 1 },
    sent: [[1, 1]],
  })
  expect(await readdir(directory)).toEqual(before)
})
