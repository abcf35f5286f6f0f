/** Changes, states and audit events that random ones lack. */
import { gapEvent } from '../../../src/connectors/kubernetes/map/change.ts'
import type { WeirEvent } from '../../../src/model/events.ts'
import { kubernetesRef } from '../../../src/model/refs.ts'
import { auditEvent, changeEvent, identity, resourceEvent } from '../../../src/store/testing/cluster.ts'
import { event, startOfDay } from '../../../src/store/testing/frames.ts'
import { traceEvent } from '../../../src/store/testing/traces.ts'

/** Characters that the dialects write differently. */
export const odd = `it's \\ "a" ü%_`

const at = (seconds: number): string => new Date(startOfDay + 1000 * seconds).toISOString()

const pod = (container: string, image: string) => ({ spec: { containers: [{ name: container, image }, {}] } })

export function certainEvents(): WeirEvent[] {
  const web = identity('Deployment/shop/web', '3')
  const k8sEvent = (of: string, seconds: number, json: object): WeirEvent =>
    event(`e${of}${seconds}`, {
      source: '/kubernetes/c1',
      type: 'weir.k8s.event',
      family: 'k8s-event',
      time: startOfDay + 1000 * seconds,
      ref: kubernetesRef({ cluster: 'c1', group: '', kind: 'Pod', namespace: 'shop', name: of }),
      json,
    })
  return [
    changeEvent(identity('Pod/shop/p', '9'), at(100.5), {
      operation: 'updated',
      old: pod('c', 'web:1'),
      new: pod('c', 'web:2'),
      patch: [{ op: 'replace', path: '/spec/containers/0/image', value: 'web:2' }],
      noise: [odd, 'status'],
      actor: { manager: odd, time: at(100) },
    } as never),
    changeEvent(identity(`Pod/${odd}/p`), at(101), {
      operation: 'created',
      new: { spec: { template: { spec: pod('c', 'x').spec } } },
    } as never),
    changeEvent(identity(`Namespace/${odd}`), at(102), { operation: 'created', new: {} } as never),
    changeEvent(identity('Namespace/shop'), at(103), { operation: 'created', new: {} } as never),
    // Before 1970.
    changeEvent(identity('Pod/shop/old'), '1969-12-31T23:59:58.500Z', { operation: 'created', new: {} } as never),
    changeEvent(identity('Pod/shop/old', '2'), '1969-12-31T23:57:01Z', { operation: 'updated', new: {} } as never),
    resourceEvent(web, at(1), { labels: { app: odd }, owners: [], created: at(-1) } as never),
    resourceEvent(identity(`Pod/${odd}/p`), at(2), { node: 'n1', phase: 'Running' } as never),
    k8sEvent('p', 50, { type: 'Warning', reason: 'BackOff', message: odd, count: 7, reporter: 'kubelet' }),
    k8sEvent('p', 51, { type: 'Normal', reason: 'Pulled', count: 'many' }),
    gapEvent(
      {
        cluster: 'c1',
        group: '',
        resource: 'pods',
        missing: 2,
        stale: 1,
        extra: 0,
        cause: odd,
        from: at(-600),
        to: at(60),
      },
      startOfDay + 60_000,
    ),
    gapEvent(
      { cluster: 'c2', group: 'apps', resource: 'deployments', missing: 0, stale: 1, extra: 0, cause: 'x', to: at(90) },
      startOfDay + 90_000,
    ),
    auditEvent(identity('Pod/shop/p'), odd, 'login', at(30), {
      audit: {
        actor: { kind: 'user', name: odd, domain: 'c1' },
        action: 'SignIn',
        outcome: 'failure',
        severity: 'warning',
      },
    } as never),
    auditEvent(identity('Pod/shop/p'), 'alice', 'x', '1969-12-31T23:59:59.999Z'),
    auditEvent(identity('Pod/shop/p'), 'alice', 'x', '1969-12-31T00:00:00Z'),
    ...Array.from({ length: 60 }, (_, n) => traceEvent(n, startOfDay + 5000 * Math.floor(n / 3))),
    ...['203.0.113.9', '203.0.113.8', undefined].map((address, n) => {
      const trace = traceEvent(1000 + n, startOfDay + 60_000)
      const data = JSON.parse(Buffer.from(trace.data ?? []).toString('utf8')) as { audit: { actor: object } }
      const audit = {
        ...data.audit,
        action: 'login',
        service: 'IAM',
        severity: 'incident',
        actor: { kind: 'user', id: 'u', name: 'mallory', domain: 'd', address },
      }
      return { ...trace, data: Buffer.from(JSON.stringify({ ...data, audit })) }
    }),
  ]
}
