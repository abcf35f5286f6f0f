// Changes of a seeded incident that traffic does not depend on.
import type { SeededRandom } from '../../../test/kit/random.ts'
import {
  bots,
  deployment,
  imageOf,
  minute,
  namespaces,
  people,
  refOf,
  replace,
  type Service,
  type Written,
} from './incident-services.ts'

export function decoysOf(
  random: SeededRandom,
  services: readonly Service[],
  { target, onset, person }: Readonly<{ target: Service; onset: number; person: string }>,
): Written[] {
  const before = (least: number, most: number) => onset - least - random.next() * (most - least)
  const other = () => random.pick(services.filter(({ name }) => name !== target.name))
  const someone = () => random.pick([...people, ...bots])
  const image = (service: Service, at: number, user: string): Written => ({
    of: refOf('Deployment', service),
    at,
    user,
    data: {
      operation: 'updated',
      old: deployment(service, 0),
      new: deployment(service, 1),
      patch: [replace('/spec/template/spec/containers/0/image', imageOf(service, 1))],
    },
  })
  const annotation = (service: Service, at: number): Written => ({
    of: refOf('Deployment', service),
    at,
    user: someone(),
    data: { operation: 'updated', patch: [{ op: 'add', path: '/metadata/annotations/note', value: 'x' }] },
  })
  const written: Written[] = [
    // Older rollouts of related and other workloads.
    image(target, before(6 * minute, 25 * minute), someone()),
    ...[0, 1, 2].map(() => image(other(), before(3 * minute, 28 * minute), someone())),
    annotation(target, before(0, minute)),
    annotation(other(), before(0, 5 * minute)),
    // Controllers, as results.
    {
      of: `ReplicaSet/${target.namespace}/${target.name}-5d7f9`,
      at: onset + 1000,
      manager: 'kube-controller-manager',
      data: { operation: 'updated', patch: [replace('/spec/replicas', 1)] },
    },
    ...[0, 1, 2].map((index): Written => ({
      of: `Pod/${target.namespace}/${target.name}-5d7f9-${index}`,
      at: onset - 5000 + index * 3000,
      manager: 'kubelet',
      data: { operation: 'deleted', old: {} },
    })),
    {
      of: `EndpointSlice/${target.namespace}/${target.name}-x7k2`,
      at: onset - 1000,
      manager: 'kube-controller-manager',
      data: { operation: 'updated', patch: [replace('/endpoints/0/conditions/ready', false)] },
    },
    {
      of: refOf('Deployment', target),
      at: onset + 4000,
      user: 'system:serviceaccount:kube-system:horizontal-pod-autoscaler',
      data: { operation: 'updated', new: deployment(target, 1, 3), patch: [replace('/spec/replicas', 3)] },
    },
  ]
  // Configuration that no workload mounts, also in the namespace of the target.
  for (let at = onset - 10 * minute; at < onset + minute; at += 20_000 + random.next() * 40_000)
    written.push({
      of: `ConfigMap/${random.pick([...namespaces])}/flags`,
      at,
      user: bots[1] ?? '',
      data: { operation: 'updated', patch: [replace('/data/flag', String(at))] },
    })
  // Unrelated policies, services and nodes, some seconds before.
  const quiet = random.pick(['infra', 'monitoring', 'dev'])
  for (const [kind, path] of [
    ['NetworkPolicy', '/spec/ingress/0'],
    ['Service', '/spec/ports/0/port'],
    ['Deployment', '/spec/template/spec/containers/0/image'],
    ['ConfigMap', '/data/a'],
  ] as const)
    written.push({
      of: `${kind}/${quiet}/tool-${kind.toLowerCase()}`,
      at: before(0, 4 * minute),
      user: random.next() < 0.3 ? person : someone(),
      data: {
        operation: 'updated',
        old: { spec: {} },
        new: { spec: { podSelector: { matchLabels: { app: 'tool' } } } },
        patch: [replace(path, 'x')],
      },
    })
  // A policy of the same namespace that selects other pods.
  written.push({
    of: `NetworkPolicy/${target.namespace}/tools`,
    at: before(0, 3 * minute),
    user: someone(),
    data: {
      operation: 'updated',
      old: { spec: { podSelector: { matchLabels: { app: 'tool' } } } },
      new: { spec: { podSelector: { matchLabels: { app: 'tool' } } } },
      patch: [replace('/spec/ingress/0', {})],
    },
  })
  return written
}
