// A workload with a change, its actor, an event, a vulnerable image, a machine and costs on 2026-11-20.
import { completed, costEvent } from '../../codecs/focus/index.ts'
import { eventsOfReport } from '../../codecs/sbom/index.ts'
import { kubernetesTypes } from '../../model/kubernetes.ts'
import type { WeirEvent } from '../../model/events.ts'
import { cloudEvent } from '../../store/testing/cloud-events.ts'
import { auditEvent, changeEvent, identity, resourceEvent } from '../../store/testing/cluster.ts'
import { event } from '../../store/testing/frames.ts'

export const at = (time: string): string => `2026-11-20T${time}Z`
const digest = `sha256:${'a'.repeat(64)}`
export const deployment = 'k8s:c1/apps/Deployment/shop/web'
const owner = (kind: string, name: string) =>
  ({ kind, group: 'apps', name, uid: `u-${kind}-shop-${name}`, controller: true }) as const
export const web = identity('Deployment/shop/web')
const change = {
  operation: 'updated',
  old: { kind: 'Deployment', spec: { replicas: 2 } },
  new: { kind: 'Deployment', spec: { replicas: 0 } },
  patch: [{ op: 'replace', path: '/spec/replicas', value: 0 }],
} as const

/** Alice's request, from 192.0.2.7. */
function auditOf(of: typeof web, verb: string, time: string, version: string): WeirEvent {
  return auditEvent(of, 'alice', verb, at(time), {
    version,
    audit: {
      actor: { kind: 'user', name: 'alice', domain: 'c1', address: '192.0.2.7' },
      action: verb,
      service: 'kubernetes',
      tenant: 'c1',
      outcome: 'success',
      severity: 'normal',
      resource: { type: of.resource },
    },
  })
}

export const shopEvents: readonly WeirEvent[] = [
  resourceEvent(web, at('09:00:00')),
  resourceEvent(identity('ReplicaSet/shop/web-abc'), at('09:00:00'), { owners: [owner('Deployment', 'web')] }),
  resourceEvent(identity('Pod/shop/web-abc-1'), at('09:00:00'), {
    phase: 'Running',
    node: 'n1',
    addresses: [{ ip: '10.1.0.1' }],
    owners: [owner('ReplicaSet', 'web-abc')],
    images: [{ container: 'c', image: 'registry/shop/web:1.0', id: `registry/shop/web@${digest}` }],
  } as never),
  resourceEvent(identity('Pod/vault/key-1'), at('09:00:00'), { phase: 'Running', node: 'n1' }),
  resourceEvent(identity('Node/n1'), at('09:00:00'), { providerId: 'exoscale://i1' }),
  cloudEvent({ time: Date.parse(at('08:00:00')), id: 'i1' }),
  cloudEvent({
    time: Date.parse(at('10:20:00')),
    id: 'i1',
    event: 'weir.cloud.changed',
    changes: [{ path: 'size', from: 'small', to: 'tiny' }],
  }),
  changeEvent(identity('Deployment/shop/web', '5'), at('10:30:00'), change),
  changeEvent(identity('Deployment/shop/web', '6'), at('13:00:00'), change),
  changeEvent(identity('ConfigMap/vault/keys', '7'), at('10:31:00'), { operation: 'deleted', old: {} }),
  auditOf(web, 'patch', '10:29:59', '5'),
  auditOf(identity('ConfigMap/vault/keys'), 'delete', '10:31:00', '7'),
  event('e1', {
    family: 'k8s-event',
    type: kubernetesTypes.event,
    ref: 'k8s:c1//Pod/shop/web-abc-1',
    time: Date.parse(at('10:40:00')),
    json: {
      type: 'Warning',
      reason: 'BackOff',
      message: 'Back-off | <b>restarting</b>',
      count: 3,
      reporter: 'kubelet',
    },
  }),
  event('g1', {
    family: 'event',
    type: kubernetesTypes.gap,
    time: Date.parse(at('11:10:00')),
    json: { from: at('11:00:00'), cluster: 'c1', group: 'apps', resource: 'deployments', missing: 1, cause: 'restart' },
  }),
  ...eventsOfReport(
    {
      format: 'syft-json',
      tool: { name: 'grype', version: '1' },
      image: { digest, name: 'registry/shop/web', tags: ['1.0'] },
      problems: [{ id: 'CVE-1', severity: 'CRITICAL', score: 1, package: 'log4j', version: '1', fixed: '2' }],
    },
    { sha256: 'r', time: Date.parse(at('10:45:00')), origin: 'test' },
  ),
  costEvent(
    completed(
      {
        BilledCost: '1.50',
        BillingCurrency: 'EUR',
        BillingAccountId: 'a',
        ChargePeriodStart: at('00:00:00'),
        ProviderName: 'AWS',
        Tags: JSON.stringify({ namespace: 'shop' }),
      },
      { source: 'focus', collected: Date.parse(at('23:00:00')), estimated: false },
    ),
  ),
  costEvent(
    completed(
      {
        BilledCost: '4',
        BillingCurrency: 'EUR',
        BillingAccountId: 'a',
        ChargePeriodStart: at('00:00:00'),
        ProviderName: 'Exoscale',
        ResourceId: 'i1',
      },
      { source: 'focus', collected: Date.parse(at('23:00:00')), estimated: false },
    ),
  ),
]
