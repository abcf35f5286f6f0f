// The changes of clusters that break the traffic of a seeded incident.
import type { ChangeData } from '../../model/kubernetes.ts'
import type { SeededRandom } from '../../../test/kit/random.ts'
import {
  between,
  deployment,
  imageOf,
  refOf,
  replace,
  type Edge,
  type Service,
  type Written,
} from './incident-services.ts'

/** What breaks, and what changed for it. */
export type Scene = Readonly<{
  services: readonly Service[]
  edges: readonly Edge[]
  target: Service
  person: string
  /** Unix ms of the change. */
  at: number
}>
export type Cause = Readonly<{
  written: Written
  broken: readonly Edge[]
  /** Share of the traffic that remains. */
  left: number
}>

export function clusterCause(seed: number, random: SeededRandom, scene: Scene): Cause {
  const { services, edges, target, person, at } = scene
  const calls = (service: Service) => edges.filter(({ from }) => from === service)
  const called = (service: Service) => edges.filter(({ to }) => to === service)
  const all = (service: Service) => [...called(service), ...calls(service)]
  const update = (of: string, data: Partial<ChangeData>): Written => ({
    of,
    at,
    data: { operation: 'updated', ...data },
    user: person,
    manager: 'kubectl-edit',
  })
  const policy = (rules: object, selected: object = { app: target.name }) => ({
    spec: { podSelector: { matchLabels: selected }, ...rules },
  })
  const config = (version: string) => ({ data: { version } })
  const causes: readonly (() => Cause)[] = [
    () => ({
      written: update(`NetworkPolicy/${target.namespace}/${target.name}-ingress`, {
        old: policy({ ingress: [{}] }),
        new: policy({ ingress: [{ from: [{ podSelector: { matchLabels: { role: 'client' } } }] }] }),
        patch: [replace('/spec/ingress/0/from/0/podSelector/matchLabels/role', 'client')],
      }),
      broken: called(target),
      left: 0.02,
    }),
    () => ({
      written: update(`NetworkPolicy/${target.namespace}/default-deny`, {
        operation: 'created',
        new: policy({ policyTypes: ['Ingress', 'Egress'] }, {}),
      }),
      broken: edges.filter(({ from, to }) => from?.namespace === target.namespace || to.namespace === target.namespace),
      left: 0.02,
    }),
    () => ({
      written: update(refOf('Deployment', target), {
        old: deployment(target),
        new: deployment(target, 2),
        patch: [replace('/spec/template/spec/containers/0/image', imageOf(target, 2))],
      }),
      broken: all(target),
      left: between(random, 0, 0.3),
    }),
    () => ({
      written: update(refOf('Deployment', target), {
        old: deployment(target),
        new: deployment(target, 1, 0),
        patch: [replace('/spec/replicas', 0)],
      }),
      broken: all(target),
      left: 0,
    }),
    () => ({
      written: update(refOf('Deployment', target), { operation: 'deleted', old: deployment(target) }),
      broken: all(target),
      left: 0,
    }),
    () => ({
      written: update(refOf('Deployment', target), {
        old: deployment(target),
        new: deployment(target),
        patch: [{ op: 'remove', path: '/spec/template/metadata/labels/tier' }],
      }),
      broken: all(target),
      left: 0.1,
    }),
    () => ({
      written: update(refOf('Service', target), {
        old: { spec: { selector: { app: target.name } } },
        new: { spec: { selector: { app: `${target.name}-v2` } } },
        patch: [replace('/spec/selector/app', `${target.name}-v2`)],
      }),
      broken: called(target),
      left: 0,
    }),
    () => ({
      written: update(`ConfigMap/${target.namespace}/${target.config}`, {
        old: config('1'),
        new: config('2'),
        patch: [replace('/data/version', '2')],
      }),
      broken: random.next() < 0.5 ? all(target) : called(target),
      left: between(random, 0, 0.4),
    }),
    () => ({
      written: update(`Secret/${target.namespace}/${target.name}-keys`, {
        old: {},
        new: {},
        patch: [replace('/data/key', 'sha256:2')],
      }),
      broken: all(target),
      left: 0.05,
    }),
    () => {
      const node = target.nodes[0] ?? 'n1'
      return {
        written: update(`Node/${node}`, {
          old: { spec: {} },
          new: { spec: { unschedulable: true } },
          patch: [{ op: 'add', path: '/spec/unschedulable', value: true }],
        }),
        broken: edges.filter(({ from, to }) => to.nodes.includes(node) || from?.nodes.includes(node) === true),
        left: 0.45,
      }
    },
    () => ({
      written: update(`HorizontalPodAutoscaler/${target.namespace}/${target.name}`, {
        old: { spec: { scaleTargetRef: { kind: 'Deployment', name: target.name }, maxReplicas: 8 } },
        new: { spec: { scaleTargetRef: { kind: 'Deployment', name: target.name }, maxReplicas: 1 } },
        patch: [replace('/spec/maxReplicas', 1)],
      }),
      broken: called(target),
      left: 0.4,
    }),
    () => {
      const [first] = services as [Service]
      const route = (name: string) => ({
        spec: { rules: [{ http: { paths: [{ path: '/', backend: { service: { name, port: { number: 80 } } } }] } }] },
      })
      return {
        written: update(`Ingress/${first.namespace}/public`, {
          old: route(first.name),
          new: route('maintenance'),
          patch: [replace('/spec/rules/0/http/paths/0/backend/service/name', 'maintenance')],
        }),
        broken: called(first),
        left: 0,
      }
    },
  ]
  const cause = causes[seed % causes.length]?.()
  if (cause === undefined) throw new Error('no cause')
  return cause
}
