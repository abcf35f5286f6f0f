/** As in view `relations`. */
import type { WeirEvent } from '../../model/events.ts'
import { kubernetesRef, parseKubernetesRef, type KubernetesRef } from '../../model/refs.ts'
import { fieldsOf, textOf, type Fields } from '../../model/json.ts'
import { objectNode, checkKeyLengths, type ResourceNode } from './map-node.ts'

export const objectRelations = ['OWNED_BY', 'RUNS_ON', 'IN_NAMESPACE', 'USES_IMAGE', 'SELECTS', 'PROVIDED_BY'] as const
export type ObjectRelation = (typeof objectRelations)[number]

type Related = Readonly<{
  type: ObjectRelation
  from: string
  to: string
}>

export type ObjectRow = Readonly<{
  kind: 'object'
  resource: ResourceNode
  by: string
  since: number
  present: boolean
  related: readonly Related[]
}>

const clusterWide = new Set([
  'Node',
  'Namespace',
  'PersistentVolume',
  'StorageClass',
  'ClusterRole',
  'CustomResourceDefinition',
  'APIService',
])

export function toObject(event: WeirEvent, data: Fields): ObjectRow {
  const parts = event.ref === undefined ? undefined : parseKubernetesRef(event.ref)
  const resource = event.ref === undefined ? undefined : objectNode(event.ref)
  const since = Date.parse(textOf(data['since']) ?? '')
  if (parts === undefined || resource === undefined || Number.isNaN(since))
    throw new Error('the resource event has no cluster object or no start of validity')
  const present = data['state'] === 'present'
  const related = present ? distinct(relatedOf(resource.key, parts, data)) : []
  for (const { to } of [{ to: resource.key }, ...related]) checkKeyLengths({ resource: to })
  return { kind: 'object', resource, by: event.key ?? resource.key, since, present, related }
}

function* relatedOf(
  from: string,
  own: KubernetesRef,
  data: Fields,
): Generator<Readonly<{ type: ObjectRelation; from: string; to: string | undefined }>> {
  const ref = (kind: string | undefined, name: string | undefined, { group = '', namespace = '' } = {}) =>
    kind === undefined || name === undefined
      ? undefined
      : kubernetesRef({ cluster: own.cluster, group, kind, namespace, name })
  for (const { group, kind, name } of listOf(data['owners']))
    yield {
      type: 'OWNED_BY',
      from,
      to: ref(textOf(kind), textOf(name), {
        group: textOf(group) ?? '',
        namespace: clusterWide.has(textOf(kind) ?? '') ? '' : own.namespace,
      }),
    }
  if (own.namespace !== '') yield { type: 'IN_NAMESPACE', from, to: ref('Namespace', own.namespace) }
  if (own.kind === 'Node') yield { type: 'PROVIDED_BY', from, to: textOf(data['providerId']) }
  if (own.kind === 'Pod') {
    yield { type: 'RUNS_ON', from, to: ref('Node', textOf(data['node'])) }
    for (const { id, image } of listOf(data['images']))
      yield { type: 'USES_IMAGE', from, to: imageRef(textOf(id), textOf(image)) }
  }
  if (own.kind !== 'EndpointSlice') return
  const service = ref('Service', textOf(data['service']), { namespace: own.namespace })
  if (service === undefined) return
  for (const { kind, namespace, name } of listOf(data['endpoints']))
    if (kind === 'Pod')
      yield {
        type: 'SELECTS',
        from: service,
        to: ref('Pod', textOf(name), { namespace: textOf(namespace) ?? own.namespace }),
      }
}

/** The digest is the image that ran. */
function imageRef(id: string | undefined, image: string | undefined): string | undefined {
  const text = id?.includes('@sha256:') === true ? id.replace(/^[a-z-]+:\/\//, '') : image
  return text === undefined ? undefined : `image:${text}`
}

function listOf(value: unknown) {
  return Array.isArray(value) ? value.map(fieldsOf) : []
}

function distinct(all: Iterable<Readonly<{ type: ObjectRelation; from: string; to: string | undefined }>>): Related[] {
  const results = new Map<string, Related>()
  for (const { type, from, to } of all) if (to !== undefined) results.set(`${type} ${from} ${to}`, { type, from, to })
  return [...results.values()]
}
