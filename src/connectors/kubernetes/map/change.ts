/** Events are assembled from text, because most of an event exists as text already. */
import { hash } from 'node:crypto'
import type { WeirEvent } from '../../../model/events.ts'
import {
  kubernetesTypes,
  type ChangeActor,
  type ClusterEventData,
  type GapData,
  type ObjectIdentity,
  type Operation,
  type PatchStep,
  type ResourceData,
} from '../../../model/kubernetes.ts'
import { kubernetesRef } from '../../../model/refs.ts'
import { changedPaths } from '../../../codecs/json-patch/index.ts'
import type { ResourceType } from '../client/discovery.ts'
import type { KubeObject } from '../client/types.ts'

export type Place = Omit<ObjectIdentity, 'resourceVersion'>

/** Objects of some aggregated APIs have no uid: their kind, namespace and name identify them. No uid has a colon. */
export function uidByName(
  { group, resource }: Pick<ResourceType, 'group' | 'resource'>,
  { namespace = '', name = '' }: NonNullable<KubeObject['metadata']> = {},
): string {
  return `${resource}.${group}:${namespace}:${name}`
}

export function placeOf(
  cluster: string,
  { group, version, kind, resource }: ResourceType,
  { metadata }: KubeObject,
): Place {
  const namespace = metadata?.namespace
  return {
    cluster,
    group,
    version,
    kind,
    resource,
    ...(namespace === undefined ? {} : { namespace }),
    name: metadata?.name ?? '',
    uid: metadata?.uid ?? uidByName({ group, resource }, metadata),
  }
}

type Change = Readonly<{
  place: Place
  resourceVersion: string
  operation: Operation
  old: Uint8Array | undefined
  new: Uint8Array | undefined
  patch: readonly PatchStep[]
  actor: ChangeActor | undefined
  initial: boolean
  coalesced: boolean
  noise: readonly string[]
  /** Unix ms. */
  time: number
  /** Unix ms, whole seconds. */
  deletionRequested?: number | undefined
}>

export function changeEvent(change: Change): WeirEvent {
  const { place, resourceVersion, operation, patch, actor, initial, coalesced, noise, time, deletionRequested } = change
  const begin = JSON.stringify({ ...place, resourceVersion, operation })
  const end = JSON.stringify({
    patch,
    paths: changedPaths(patch),
    ...(actor === undefined ? {} : { actor }),
    ...(deletionRequested === undefined
      ? {}
      : { deletionRequested: `${new Date(deletionRequested).toISOString().slice(0, 19)}Z` }),
    ...(initial ? { initial } : {}),
    ...(coalesced ? { coalesced } : {}),
    ...(noise.length === 0 ? {} : { noise }),
  })
  const data = joined([
    Buffer.from(`${begin.slice(0, -1)},"old":`),
    change.old ?? noState,
    newState,
    change.new ?? noState,
    Buffer.from(`,${end.slice(1)}`),
  ])
  // A uid is deleted once, whatever its last version.
  const once = operation === 'deleted' && !place.uid.includes(':')
  const id = stableUuid(place.cluster, place.uid, operation, once ? '' : resourceVersion)
  return envelope(place, { id, type: kubernetesTypes[operation], family: 'change', time, data })
}

type ResourceHead = Place & Pick<ResourceData, 'resourceVersion' | 'since' | 'state'>

export function resourceEvent(head: ResourceHead, facts: string, time: number): WeirEvent {
  const text = facts === '{}' ? JSON.stringify(head) : `${JSON.stringify(head).slice(0, -1)},${facts.slice(1)}`
  return envelope(head, {
    id: stableUuid(head.cluster, head.uid, `resource ${head.state}`, head.resourceVersion),
    type: kubernetesTypes.resource,
    family: 'resource',
    time,
    data: utf8.encode(text),
  })
}

export function clusterEvent(data: ClusterEventData, time: number): WeirEvent {
  const {
    cluster,
    uid,
    resourceVersion,
    regarding: { group, kind, namespace = '', name },
  } = data
  const event = envelope(data, {
    id: stableUuid(cluster, uid, 'event', resourceVersion),
    type: kubernetesTypes.event,
    family: 'k8s-event',
    time,
    data: utf8.encode(JSON.stringify(data)),
  })
  return { ...event, ref: kubernetesRef({ cluster, group, kind, namespace, name }) }
}

export function gapEvent(data: GapData, time: number): WeirEvent {
  const { cluster, group, resource, to } = data
  const text = JSON.stringify(data)
  return {
    id: stableUuid(cluster, `${resource}.${group}`, 'gap', to),
    source: sourceOf(cluster),
    type: kubernetesTypes.gap,
    subject: plural(group, resource),
    time,
    datacontenttype: 'application/json',
    family: 'event',
    key: `${cluster}/${plural(group, resource)}`,
    encoding: 'json',
    data: Buffer.from(text),
  }
}

type ObjectEvent = Readonly<{
  id: string
  type: string
  family: 'change' | 'resource' | 'k8s-event'
  /** Unix ms. */
  time: number
  data: Uint8Array
}>

function envelope(
  { cluster, group, resource, kind, namespace, name, uid }: Place,
  { id, type, family, time, data }: ObjectEvent,
): WeirEvent {
  return {
    id,
    source: sourceOf(cluster),
    type,
    time,
    family,
    subject: [plural(group, resource), ...(namespace === undefined ? [] : [namespace]), name].join('/'),
    datacontenttype: 'application/json',
    key: `${cluster}/${uid}`,
    ref: kubernetesRef({ cluster, group, kind, namespace: namespace ?? '', name }),
    encoding: 'json',
    data,
  }
}

function sourceOf(cluster: string) {
  return `/kubernetes/${cluster}`
}

function plural(group: string, resource: string) {
  return group === '' ? resource : `${resource}.${group}`
}

const noState = Buffer.from('null')
const newState = Buffer.from(',"new":')

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = Buffer.allocUnsafeSlow(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

const utf8 = new TextEncoder()

/** Weir's namespace for stable ids: RFC 9562, version 5. */
const space = '6f0c7ad0-66a5-5c5e-9d0b-0f6a3c1d2b47'
const spaceBytes = Buffer.from(space.replaceAll('-', ''), 'hex')
let named = Buffer.concat([spaceBytes, Buffer.alloc(1024)])

function stableUuid(...parts: readonly string[]): string {
  const name = parts.join('\n')
  if (named.length < spaceBytes.length + 3 * name.length)
    named = Buffer.concat([spaceBytes, Buffer.alloc(3 * name.length)])
  const text = hash('sha1', named.subarray(0, spaceBytes.length + named.write(name, spaceBytes.length)), 'hex')
  const variant = ((Number.parseInt(text.slice(16, 17), 16) & 0x3) | 0x8).toString(16)
  const groups = [text.slice(0, 8), text.slice(8, 12), `5${text.slice(13, 16)}`, `${variant}${text.slice(17, 20)}`]
  return `${groups.join('-')}-${text.slice(20, 32)}`
}
