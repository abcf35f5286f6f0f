import { expect, test } from 'vitest'
import { realHost } from '../../host/index.ts'
import { toEventBatch, type WeirEvent } from '../../model/events.ts'
import { SeededRandom } from '../../../test/kit/random.ts'
import { changeEvent, identity, resourceEvent } from '../../store/testing/cluster.ts'
import { point } from '../testing/points.ts'
import { startStored, type StoredApi } from '../testing/stored.ts'

const [minute, scrape] = [60_000, 15_000]
const iso = (ms: number): string => new Date(ms).toISOString()
const image = '/spec/template/spec/containers/0/image'

type Service = Readonly<{ name: string; calls?: string; failing?: boolean }>

/** Both services start a new version in the same second, beside two pods of before; one of them fails. */
function eventsOf({ name, calls, failing = false }: Service, start: number, rollout: number, end: number): WeirEvent[] {
  const random = new SeededRandom(name.length)
  const at = (of: string) => identity(`${of.split('/')[0]}/shop/${of.split('/')[1]}`)
  const owner = (kind: string, of: string) => [
    { kind, group: 'apps', name: of, uid: `u-${kind}-${of}`, controller: true as const },
  ]
  const podsOf = (set: string, pods: readonly string[], created: number) => [
    resourceEvent(at(`ReplicaSet/${set}`), iso(created), { created: iso(created), owners: owner('Deployment', name) }),
    ...pods.map((pod) =>
      resourceEvent(at(`Pod/${pod}`), iso(created), {
        created: iso(created),
        labels: { app: name },
        owners: owner('ReplicaSet', set),
      }),
    ),
  ]
  const [old, fresh] = [[`${name}-1-a`, `${name}-1-b`], [`${name}-2-a`]]
  const events = [
    resourceEvent(at(`Deployment/${name}`), iso(start), { labels: { app: name } }),
    resourceEvent(at(`Service/${name}`), iso(start), { selector: { app: name } }),
    ...podsOf(`${name}-1`, old, start),
    ...podsOf(`${name}-2`, fresh, rollout),
    changeEvent(at(`Deployment/${name}`), iso(rollout), {
      operation: 'updated',
      old: { spec: { template: { spec: { containers: [{ image: `${name}:1` }] } } } },
      new: { spec: { template: { spec: { containers: [{ image: `${name}:2` }] } } } },
      patch: [{ op: 'replace', path: image, value: `${name}:2` }],
    }),
  ]
  for (const pod of [...old, ...fresh])
    for (let time = fresh.includes(pod) ? rollout + 20_000 : start; time < end; time += scrape) {
      const fails = failing && fresh.includes(pod)
      const labels = { namespace: 'shop', pod, destination_canonical_service: name }
      events.push(
        point(time, { name: 'success_percent', labels, fields: { value: fails ? 50 + 9 * random.next() : 100 } }),
        point(time, { name: 'latency_seconds', labels, fields: { value: 0.2 + 0.02 * random.next() } }),
      )
    }
  for (let time = start; calls !== undefined && time < end; time += scrape)
    events.push(
      point(time, {
        name: 'calls_success_percent',
        labels: { namespace: 'shop', source_canonical_service: name, destination_canonical_service: calls },
        fields: { value: time < rollout + 20_000 ? 100 : 80 + 4 * random.next() },
      }),
    )
  return events
}

async function started(
  services: readonly Service[],
): Promise<Readonly<{ api: StoredApi; rollout: number; now: number }>> {
  const now = realHost().clock.now()
  const [start, rollout] = [now - 50 * minute, now - 10 * minute]
  const api = await startStored({ auth: { tokens: [] } })
  for (const service of services) await api.addBatch(toEventBatch(eventsOf(service, start, rollout, now)), now)
  return { api, rollout, now }
}

type Candidate = Readonly<{ name: string; score: number; new_pods?: Readonly<Record<string, unknown>> }>

async function candidatesOf(services: readonly Service[]): Promise<readonly Candidate[]> {
  const { api, rollout, now } = await started(services)
  const promql = 'avg by (namespace, source_canonical_service, destination_canonical_service) (calls_success_percent)'
  const { status, body } = await api.get('why', {
    promql,
    from: iso(now - 50 * minute),
    to: iso(now),
    at: iso(rollout),
  })
  expect(status, JSON.stringify(body)).toBe(200)
  expect(body['detected']).toBe(true)
  return body['candidates'] as readonly Candidate[]
}

test.each(['cart', 'stock'])(
  'of two rollouts in one second that with a failing new pod (%s) ranks first',
  async (broken) => {
    const services = ['cart', 'stock'].map((name) => ({ name, failing: name === broken }))
    const [first, second] = await candidatesOf([
      { name: 'web', calls: 'cart' },
      { name: 'api', calls: 'stock' },
      ...services,
    ])
    expect(first).toMatchObject({
      name: broken,
      new_pods: { pods: [`${broken}-2-a`], metric: 'success_percent', old: 100, strength: 1 },
    })
    expect(first?.new_pods?.['beside']).toEqual(expect.arrayContaining([`${broken}-1-a`, `${broken}-1-b`]))
    expect(first!.score).toBeGreaterThan(1.3 * second!.score)
  },
)

test('new pods that are like the earlier ones lower the score', async () => {
  const [first] = await candidatesOf([{ name: 'web', calls: 'cart' }, { name: 'cart' }])
  expect(first?.new_pods?.['strength'] ?? 0).toBeLessThan(0.05)
  expect(first!.score).toBeLessThan(0.6)
})
