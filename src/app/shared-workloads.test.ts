import { expect, onTestFinished, test } from 'vitest'
import { testContext } from '../../test/conformance/batches.ts'
import { MemoryBus } from '../../test/kit/memory-bus.ts'
import { sharedState } from '../engine/cluster/shared-state.ts'
import { SharedRecords } from '../engine/cluster/records.ts'
import { SharedWriter } from '../engine/cluster/writer.ts'
import { realHost } from '../host/index.ts'
import { encodeBatch, type Unit } from '../journal/index.ts'
import { toEventBatch } from '../model/events.ts'
import { kubernetesTypes, type ResourceData } from '../model/kubernetes.ts'
import { flowBatch } from '../store/testing/frames.ts'
import { SharedWorkloads } from './shared-workloads.ts'

const host = realHost()
const { log, metrics } = testContext()
const signal = new AbortController().signal

function pod(name: string, ip: string, more: Partial<ResourceData> = {}): ResourceData {
  return {
    cluster: 'c1',
    group: '',
    version: 'v1',
    kind: 'Pod',
    resource: 'pods',
    namespace: 'shop',
    name,
    uid: name,
    resourceVersion: '1',
    since: '2026-01-01T00:00:00.000Z',
    state: 'present',
    addresses: [{ ip, as: 'pod' }],
    ...more,
  }
}

function unit(data: ResourceData): Unit {
  const raw = encodeBatch(
    toEventBatch([
      {
        id: data.name,
        source: '/kubernetes/c1',
        type: kubernetesTypes.resource,
        family: 'resource',
        encoding: 'json',
        data: Buffer.from(JSON.stringify(data)),
      },
    ]),
  )
  return {
    source: 'kube',
    stream: 'kube',
    kind: 'events',
    count: 1,
    raw,
    received: host.clock.now(),
    timeMin: Number.NaN,
    timeMax: Number.NaN,
  }
}

test('a deliverer names addresses by the events of all collectors, and flows wait for earlier events', async () => {
  const bus = new MemoryBus(3)
  const records = new SharedRecords({ bus, host, log })
  const stop = new AbortController()
  onTestFinished(() => {
    stop.abort()
  })
  records.run(stop.signal).catch(() => undefined)
  const writer = (instance: string): Promise<SharedWriter> =>
    SharedWriter.open({ bus, records, instance, host, log, queueBytes: 1e8 })
  const [a, b] = [await writer('a'), await writer('b')]
  const placed = (from: SharedWriter, one: Unit): ReturnType<SharedWriter['append']> =>
    from
      .appendShared(one)
      .then((appended) => ({ ...appended, position: { sequence: appended.busPosition ?? 0, row: 0 } }))
  // Precedes the state, which overrides it.
  await placed(a, unit(pod('old', '10.1.0.1')))
  const options = { bus, records, instance: 'd', host, log, signal: stop.signal }
  await sharedState('kube', options).put((one) => placed(a, { ...one, source: 'kube' }), {
    of: 'test',
    begin: (act) => act(),
    pieces: (async function* () {
      yield { stream: 'objects', bytes: Uint8Array.of(1, 2, 3) }
      yield { stream: 'resources', bytes: new TextEncoder().encode(`${JSON.stringify(pod('new', '10.1.0.1'))}\n`) }
      await Promise.resolve()
    })(),
  })
  await placed(b, unit(pod('other', '10.1.0.2')))
  const workloads = new SharedWorkloads({ ...options, metrics })
  const names = (): unknown[] => {
    const now = host.clock.now()
    const batch = workloads.enrichment.enrich(
      flowBatch(
        [1, 2, 3].map((last) => ({ src: `10.1.0.${last}`, dst: '192.0.2.1', start: now })),
        now,
      ),
      now,
    ).batch
    const column = batch.columns['src_name']
    return column?.kind === 'dict' ? [...column.codes].map((code) => batch.dictionary[code]) : []
  }
  expect(names()).toEqual([])
  workloads.use(['kube'])
  onTestFinished(() => workloads.stop())
  await workloads.first(signal)
  expect(names().slice(0, 2)).toEqual(['new', 'other'])
  await placed(a, unit(pod('third', '10.1.0.3')))
  // A mark of the driver at the end is nothing to wait for.
  await (await bus.claim('x')).fence(0, 'x')
  await workloads.enrichment.ready(0, signal)
  expect(names()).toEqual(['new', 'other', 'third'])
  workloads.use([])
  expect(names()).toEqual([])
})
