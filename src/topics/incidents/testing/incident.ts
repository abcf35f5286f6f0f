import type { IncidentCandidate, IncidentPin, IncidentRequest } from '../schema.ts'

export const candidate = (given: Partial<IncidentCandidate> = {}): IncidentCandidate => ({
  selected: false,
  is: 'change',
  pos: 'j:1:2:3',
  time: '2026-11-20T14:02:00.000Z',
  cluster: 'prod',
  group: 'networking.k8s.io',
  kind: 'NetworkPolicy',
  namespace: 'shop',
  name: 'deny-all',
  ref: 'k8s:prod/networking.k8s.io/NetworkPolicy/shop/deny-all',
  operation: 'created',
  actor: 'alice',
  actor_ref: 'user:prod/alice',
  paths: ['/spec/podSelector'],
  score: 0.91,
  share: 0.875,
  seconds_before: 12,
  ...given,
})

export const pin = (given: Partial<IncidentPin> = {}): IncidentPin => ({
  title: 'Orders before the fall',
  path: '/flows?v=1&live=0&t=2026-11-20T14:00:00Z..2026-11-20T14:10:00Z&sel=j:1:9:9',
  time: '2026-11-20T14:01:00.000Z',
  namespace: 'shop',
  ...given,
})

export const incident: IncidentRequest = {
  title: 'Orders cannot reach their database',
  namespaces: ['shop'],
  from: '2026-11-20T14:00:00.000Z',
  to: '2026-11-20T14:10:00.000Z',
  question: { filter: 'dst.owner = orders-db', by: 'bytes' },
  onset: '2026-11-20T14:02:12.000Z',
  verdict: 'explained',
  candidates: [candidate({ selected: true })],
  pins: [pin()],
  notes: 'Rolled back at **14:08**.',
}
