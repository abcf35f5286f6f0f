// Seeded changes of Kubernetes objects with values that are hard to encode.
import type { WeirEvent } from '../../src/model/events.ts'
import { kubernetesTypes, type ChangeData } from '../../src/model/kubernetes.ts'
import { kubernetesRef } from '../../src/model/refs.ts'
import { SeededRandom } from './random.ts'

const kinds = [
  { group: '', version: 'v1', kind: 'ConfigMap', resource: 'configmaps', namespaced: true },
  { group: 'apps', version: 'v1', kind: 'Deployment', resource: 'deployments', namespaced: true },
  { group: '', version: 'v1', kind: 'Node', resource: 'nodes', namespaced: false },
] as const

const words = [
  'plain',
  '<b>&"quoted"</b>',
  'zwei Wörter',
  '\u2028line\u2029',
  '日本語',
  '😀',
  'tab\tand\nline',
  '',
] as const

/** `count` changes, each of a separate object: created, updated and deleted in turn. */
export function anyChanges(seed: number, count: number, cluster: string): ChangeData[] {
  const random = new SeededRandom(seed)
  return Array.from({ length: count }, (_, index): ChangeData => {
    const { namespaced, ...of } = random.pick([...kinds])
    const name = `object-${index}`
    const uid = `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`
    const state = (version: number, more: object = {}): object => ({
      kind: of.kind,
      apiVersion: of.group === '' ? of.version : `${of.group}/${of.version}`,
      metadata: {
        uid,
        name,
        ...(namespaced ? { namespace: 'shop' } : {}),
        resourceVersion: String(version),
        creationTimestamp: '2026-01-02T03:04:05Z',
        labels: { [random.pick([...words])]: random.pick([...words]) },
        ...more,
      },
      data: {
        z: random.pick([...words]),
        a: [1, null, true, 0.5, random.pick([...words])],
        '\u{1f600}': 1,
        '\uff5e': 2,
      },
    })
    const identity = {
      cluster,
      ...of,
      ...(namespaced ? { namespace: 'shop' } : {}),
      name,
      uid,
      resourceVersion: String(1000 + index),
    }
    switch (index % 3) {
      case 0:
        return {
          ...identity,
          operation: 'created',
          old: null,
          new: state(1000 + index),
          patch: [],
          ...(index % 2 === 0 ? { initial: true as const } : {}),
        }
      case 1:
        return {
          ...identity,
          operation: 'updated',
          old: state(1),
          new: state(1000 + index),
          patch: [{ op: 'replace', path: '/data/z', value: random.pick([...words]) }],
          ...(index % 2 === 0 ? { coalesced: true as const } : {}),
        }
      default:
        return {
          ...identity,
          operation: 'deleted',
          old: state(1000 + index, { deletionTimestamp: '2026-01-03T00:00:00Z' }),
          new: null,
          patch: [],
        }
    }
  })
}

export function changeEvent(change: ChangeData, time: number): WeirEvent {
  const { cluster, group, kind, namespace = '', name, uid, resource, operation, resourceVersion } = change
  return {
    id: `${uid}/${resourceVersion}/${operation}`,
    source: `/kubernetes/${cluster}`,
    type: kubernetesTypes[operation],
    subject: [group === '' ? resource : `${resource}.${group}`, ...(namespace === '' ? [] : [namespace]), name].join(
      '/',
    ),
    time,
    datacontenttype: 'application/json',
    family: 'change',
    key: `${cluster}/${uid}`,
    ref: kubernetesRef({ cluster, group, kind, namespace, name }),
    encoding: 'json',
    data: new TextEncoder().encode(JSON.stringify(change)),
  }
}
