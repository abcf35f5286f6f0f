import { beforeEach, expect, it } from 'vitest'
import { fakeHost } from '../../test/kit/fake-host.ts'
import type { ResourceData } from '../model/kubernetes.ts'
import { kubernetesTypes } from '../model/kubernetes.ts'
import { parseIp } from '../model/ip.ts'
import { event, FrameMaker, recordingLog, recordingMetrics } from '../store/testing/frames.ts'
import { gone, pod, t0 } from './testing/objects.ts'
import { WorkloadProjection } from './workload-projection.ts'

let host = fakeHost(1)
beforeEach(() => void (host = fakeHost(1)))

const log = recordingLog()

function projection(): WorkloadProjection {
  return new WorkloadProjection({
    host,
    log,
    metrics: recordingMetrics(),
    directory: '/data/identity',
    isCluster: (source) => source === 'prod',
  })
}

function framesOf(make: FrameMaker, source: string, ...list: readonly ResourceData[]) {
  return make.events(
    list.map((data, index) =>
      event(`${data.name}-${index}`, { type: kubernetesTypes.resource, family: 'resource', json: data }),
    ),
    t0,
    source,
  )
}

function name(of: WorkloadProjection, ip: string, at: number): string | undefined {
  const { workloads } = of
  return workloads.endpoint(workloads.find(parseIp(ip) ?? new Uint32Array(4), 0, t0 + at, 0))?.name
}

it('applies only cluster updates, retains frames that no file covers, and continues from its file', async () => {
  const make = new FrameMaker()
  const first = projection()
  expect(await first.open()).toBe(false)
  const a = pod('a', '10.1.0.1', 0)
  await first.apply([make.flows([]), framesOf(make, 'http', pod('liar', '10.1.0.9', 0))])
  expect([first.holds()['0']?.sequence, first.dirty]).toEqual([2, false])
  await first.apply([framesOf(make, 'prod', a), make.flows([])])
  expect([first.holds()['0']?.sequence, first.position()['0']?.sequence]).toEqual([2, 0])
  await first.commit()
  expect([first.holds()['0']?.sequence, first.position()['0']?.sequence]).toEqual([4, 4])
  await first.apply([framesOf(make, 'prod', gone(a, 5000), pod('b', '10.1.0.1', 9000))])
  expect(first.holds()['0']?.sequence).toBe(4)
  expect([name(first, '10.1.0.1', 1000), name(first, '10.1.0.1', 9000), name(first, '10.1.0.9', 0)]).toEqual([
    'a',
    'b',
    undefined,
  ])

  host = host.crash()
  const second = projection()
  expect(await second.open()).toBe(true)
  expect([second.reached.sequence, name(second, '10.1.0.1', 9000)]).toEqual([4, 'a'])
  const again = new FrameMaker()
  while (again.last < 4) again.lose('prod', 0)
  const rest = framesOf(again, 'prod', gone(a, 5000), pod('b', '10.1.0.1', 9000))
  await second.apply([rest])
  await second.apply([rest])
  expect([name(second, '10.1.0.1', 1000), name(second, '10.1.0.1', 9000)]).toEqual(['a', 'b'])
  await second.commit()
  expect((await host.disk.list('/data/identity')).length).toBe(2)
})

it('a damaged file is reported, and the previous one is read', async () => {
  const make = new FrameMaker()
  const first = projection()
  await first.apply([framesOf(make, 'prod', pod('a', '10.1.0.1', 0))])
  await first.commit()
  await first.apply([framesOf(make, 'prod', pod('b', '10.1.0.2', 0))])
  await first.commit()
  const [, newest = ''] = await host.disk.list('/data/identity')
  const file = await host.disk.open(`/data/identity/${newest}`, 'write')
  await file.write(Uint8Array.of(33), 40)
  await file.sync()
  await file.close()
  const second = projection()
  expect(await second.open()).toBe(true)
  expect([second.reached.sequence, name(second, '10.1.0.1', 0), name(second, '10.1.0.2', 0)]).toEqual([
    1,
    'a',
    undefined,
  ])
  expect(log.lines.some(({ message }) => message.startsWith('Cannot read the stored cluster workloads'))).toBe(true)
})
