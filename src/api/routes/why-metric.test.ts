import { expect, test } from 'vitest'
import { realHost } from '../../host/index.ts'
import { toEventBatch, type WeirEvent } from '../../model/events.ts'
import { SeededRandom } from '../../../test/kit/random.ts'
import { incident, type Incident } from '../testing/incidents.ts'
import { logEvent } from '../testing/loki.ts'
import { point } from '../testing/points.ts'
import { startStored, type StoredApi } from '../testing/stored.ts'

const iso = (ms: number): string => new Date(ms).toISOString()
const scrape = 15_000

type Labels = Readonly<Record<string, string>>
type Started = Readonly<{ api: StoredApi; of: Incident; namespace: string; name: string }>

/** An incident with latencies of the workload that changed, and of one that did not. */
async function started(labelsOf: (namespace: string, name: string) => Labels): Promise<Started> {
  const now = realHost().clock.now()
  const of = incident(2, now)
  const [, namespace = '', name = ''] = of.culprit.split('/')
  const random = new SeededRandom(1)
  const events: WeirEvent[] = []
  for (let time = now - 50 * 60_000; time < now; time += scrape) {
    const seconds = 0.2 + 0.02 * random.next() + (time >= of.onset ? 1.5 : 0)
    events.push(point(time, { name: 'latency_seconds', labels: labelsOf(namespace, name), fields: { value: seconds } }))
    const errors = time >= of.onset ? 6 : random.next() < 0.1 ? 1 : 0
    for (let line = 0; line < errors; line++)
      events.push(logEvent({ line: `error ${line}: timeout`, labels: { namespace, app: name } }, time + line))
    const calm = { namespace: 'infra', deployment: 'calm' }
    events.push(point(time, { name: 'calm_seconds', labels: calm, fields: { value: 0.2 + 0.02 * random.next() } }))
  }
  const api = await startStored()
  await api.addBatch(toEventBatch(of.events), now)
  await api.addBatch(of.flows, now)
  await api.addBatch(toEventBatch(events), now)
  return { api, of, namespace, name }
}

const range = (of: Incident) => ({ from: iso(of.from), to: iso(of.to) })

type Candidate = Readonly<{ kind: string; name: string; actor: string | null; score: number }>

test.each([
  ['by kind', (namespace: string, name: string): Labels => ({ namespace, deployment: name })],
  ['by service', (namespace: string, name: string): Labels => ({ k8s_namespace_name: namespace, service_name: name })],
])('a change of the workload that labels name (%s) ranks first', async (_case, labelsOf) => {
  const { api, of, name } = await started(labelsOf)
  const { status, body } = await api.get('why', { ...range(of), promql: 'latency_seconds' })
  expect(status, JSON.stringify(body)).toBe(200)
  expect(body).toMatchObject({ detected: true, by: 'value', pairs: [] })
  expect(Math.abs(Date.parse(String(body['onset'])) - of.onset)).toBeLessThanOrEqual(2 * scrape)
  expect(Number(body['before'])).toBeLessThan(0.3)
  expect(Number(body['after'])).toBeGreaterThan(1.6)
  const [first] = body['candidates'] as readonly Candidate[]
  expect(first).toMatchObject({ kind: 'Deployment', name, actor: of.actor })
  const [level] = body['levels'] as readonly Readonly<{ kind: string; workloads: readonly string[] }>[]
  expect(level?.kind).toBe('rise')
  expect(level?.workloads.join()).toContain(name)
})

test('a metric without a change has no candidate of its workload, and errors name the parameter', async () => {
  const { api, of } = await started((namespace, deployment) => ({ namespace, deployment }))
  const { body } = await api.get('why', { ...range(of), promql: 'calm_seconds' })
  expect(body).toMatchObject({ detected: false, levels: [], verdict: 'unexplained' })
  const wrong = await api.get('why', { ...range(of), promql: 'rate(' })
  expect([wrong.status, String(wrong.body['detail'])]).toEqual([400, expect.stringContaining('"promql": ')])
  const both = await api.get('why', { ...range(of), promql: 'up', filter: 'proto = 6' })
  expect([both.status, String(both.body['detail'])]).toEqual([400, expect.stringContaining('"filter", "by" and "of"')])
})

test('a rate of error lines is a signal, of which a change of the application ranks first', async () => {
  const { api, of, name } = await started((namespace, deployment) => ({ namespace, deployment }))
  const logql = 'sum by (namespace, app) (count_over_time({app=~".+"} |= "error" [30s]))'
  const { status, body } = await api.get('why', { ...range(of), logql })
  expect(status, JSON.stringify(body)).toBe(200)
  expect(body).toMatchObject({ detected: true, by: 'value' })
  expect(Math.abs(Date.parse(String(body['onset'])) - of.onset)).toBeLessThanOrEqual(4 * scrape)
  expect((body['candidates'] as readonly Candidate[])[0]).toMatchObject({ kind: 'Deployment', name, actor: of.actor })
  const wrong = await api.get('why', { ...range(of), logql: '{app="web"' })
  expect([wrong.status, String(wrong.body['detail'])]).toEqual([400, expect.stringContaining('"logql": ')])
  const both = await api.get('why', { ...range(of), logql, promql: 'up' })
  expect([both.status, String(both.body['detail'])]).toEqual([400, expect.stringContaining('two signals')])
})

test('counters of flows are signals, with the namespaces and owners of both ends', async () => {
  const { api, of, name } = await started((namespace, deployment) => ({ namespace, deployment }))
  const promql = 'sum by (dst_namespace, dst_owner_kind, dst_owner_name) (rate(weir_flow_bytes_total[1m]))'
  const { status, body } = await api.get('why', { ...range(of), promql, at: iso(of.onset) })
  expect(status, JSON.stringify(body)).toBe(200)
  expect(body).toMatchObject({ detected: true })
  expect((body['candidates'] as readonly Candidate[])[0]).toMatchObject({ name, actor: of.actor })
})
