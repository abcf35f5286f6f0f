/** kollect's own fields identify an object only by its state, which a deletion lacks. */
import {
  actorOf,
  kubernetesTypes,
  type ChangeData,
  type ManagedField,
  type ObjectIdentity,
  type PatchStep,
} from '../../model/kubernetes.ts'
import type { WeirEvent } from '../../model/events.ts'
import { kubernetesRef } from '../../model/refs.ts'
import type { InMessage } from '../bus-message/read.ts'
import { changedPaths, diff } from '../json-patch/index.ts'
import { decodeEnvelope, type KollectMessage, type KollectPayload } from './decode.ts'
import { messageOf } from '../../model/errors.ts'
import { isRecord } from '../../model/json.ts'

type Dict = Readonly<Record<string, unknown>>
type Known = Exclude<KollectPayload, { readonly is: 'unknown' }>

/** Empty for an update without a change (kollect's resync). Throws with the reason if invalid. */
export function kollectChanges({ body, place, time }: Pick<InMessage, 'body' | 'place' | 'time'>): WeirEvent[] {
  const { id, timestamp, appliesAt, payload } = decoded(body)
  if (payload.is === 'unknown')
    throw new Error(
      payload.typeUrl === ''
        ? 'it is no message of kollect: it has no payload'
        : `kollect has no message ${payload.typeUrl.slice(0, 200)}`,
    )
  const at = { id: id === '' ? place : id, time: timestamp ?? appliesAt ?? time }
  // kollect caches by name, so a recreated object may appear as an update.
  if (payload.is === 'updated' && isAnother(payload.old, payload.new)) {
    const { old, new: now, patch: _patch, ...of } = payload
    return [
      changeOfState({ ...of, is: 'deleted', state: old, coalesced: true }, { ...at, id: `${at.id}/before` }),
      changeOfState(
        {
          ...of,
          is: 'created',
          resource: now,
          initial: false,
          coalesced: true,
          uid: textIn(metadataOf(dictOf(now)), 'uid'),
        },
        at,
      ),
    ].flat()
  }
  return changeOfState(payload, at)
}

function decoded(body: Uint8Array): KollectMessage {
  try {
    return decodeEnvelope(body)
  } catch (error) {
    throw new Error(`it is no message of kollect: ${messageOf(error)}`, { cause: error })
  }
}

function changeOfState(payload: Known, { id, time }: { id: string; time: number | undefined }): WeirEvent[] {
  const [before, after] = statesOf(payload)
  const identity = identityOf(payload, after ?? before)
  const [old, now] = [bare(before), bare(after)]
  const patch =
    payload.is === 'patched' ? payload.patch : payload.is === 'updated' ? (payload.patch ?? diff(old, now)) : []
  if (payload.is === 'updated' && patch.length === 0) return []
  const secret = identity.group === '' && identity.kind === 'Secret'
  const actor = actorOf(managersOf(after))
  const change: ChangeData & { readonly paths: readonly string[] } = {
    ...identity,
    operation: payload.is === 'patched' ? 'updated' : payload.is,
    old: secret ? withoutValues(old) : old,
    new: secret ? withoutValues(now) : now,
    patch: secret ? patch.map(withoutValue) : patch,
    paths: changedPaths(patch),
    ...(actor === undefined ? {} : { actor }),
    ...(payload.is === 'created' && payload.initial ? { initial: true } : {}),
    ...(payload.coalesced ? { coalesced: true } : {}),
    ...(payload.is === 'patched' ? { reduced: true } : {}),
    ...(patch.length > 0 && patch.every(({ path }) => /^\/status(?:\/|$)/.test(path)) ? { noise: ['status'] } : {}),
  }
  const { cluster, group, kind, resource, namespace = '', name, uid } = identity
  const named =
    kind === '' || name === ''
      ? {}
      : {
          subject: [
            group === '' ? resource : `${resource}.${group}`,
            ...(namespace === '' ? [] : [namespace]),
            name,
          ].join('/'),
          ref: kubernetesRef({ cluster, group, kind, namespace, name }),
        }
  return [
    {
      id,
      source: `/kubernetes/${cluster}`,
      type: kubernetesTypes[change.operation],
      family: 'change',
      key: `${cluster}/${uid}`,
      ...(time === undefined ? {} : { time }),
      ...named,
      datacontenttype: 'application/json',
      encoding: 'json',
      data: new TextEncoder().encode(JSON.stringify(change)),
    },
  ]
}

function statesOf(payload: Known): readonly [before: Dict | null, after: Dict | null] {
  switch (payload.is) {
    case 'created':
      return [null, dictOf(payload.resource)]
    case 'updated':
      return [dictOf(payload.old), dictOf(payload.new)]
    case 'deleted':
      return [payload.state === undefined ? null : dictOf(payload.state), null]
    case 'patched':
      return [null, null]
  }
}

/** Weir's fields take precedence over the state. */
function identityOf({ clusterId: cluster, uid, ...fields }: Known, state: Dict | null): ObjectIdentity {
  if (uid === '') throw new Error('it is no message of kollect: it names no uid')
  const metadata = metadataOf(state)
  const [, group = '', version = ''] = /^(?:(.*)\/)?(.*)$/.exec(textIn(state, 'apiVersion')) ?? []
  const kind = fields.kind === '' ? textIn(state, 'kind') : fields.kind
  const namespace = fields.kind === '' ? textIn(metadata, 'namespace') : fields.namespace
  return {
    cluster,
    group: fields.kind === '' ? group : fields.group,
    version: fields.kind === '' ? version : fields.version,
    kind,
    resource: pluralOf(kind),
    ...(namespace === '' ? {} : { namespace }),
    name: fields.name === '' ? textIn(metadata, 'name') : fields.name,
    uid,
    resourceVersion: fields.resourceVersion === '' ? textIn(metadata, 'resourceVersion') : fields.resourceVersion,
  }
}

/** Kubernetes guesses plurals in the same way. */
function pluralOf(kind: string) {
  const name = kind.toLowerCase()
  if (name === '' || name === 'endpoints') return name
  if (/(?:s|x|ch|sh)$/.test(name)) return `${name}es`
  return /[^aeiou]y$/.test(name) ? `${name.slice(0, -1)}ies` : `${name}s`
}

function bare(state: Dict | null): Dict | null {
  if (state === null || !isRecord(state['metadata'])) return state
  const { resourceVersion: _version, managedFields: _fields, generation: _generation, ...metadata } = state['metadata']
  return { ...state, metadata }
}

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'
const redacted = 'redacted:'

/** kollect does not redact Secrets. */
function withoutValues(state: Dict | null): Dict | null {
  if (state === null) return null
  const fields = ['data', 'stringData'].flatMap((name) =>
    isRecord(state[name]) ? [[name, hidden(state[name])] as const] : [],
  )
  const metadata = metadataOf(state)
  const { [lastApplied]: _applied, ...annotations } = isRecord(metadata['annotations']) ? metadata['annotations'] : {}
  return {
    ...state,
    ...Object.fromEntries(fields),
    ...(metadata['annotations'] === undefined ? {} : { metadata: { ...metadata, annotations } }),
  }
}

const shown = /^\/(?:type$|immutable$|metadata\/(?!annotations(?:$|\/kubectl\.kubernetes\.io~1last)))/

function withoutValue(step: PatchStep) {
  return 'value' in step && !shown.test(step.path) ? { ...step, value: hidden(step.value) } : step
}

function hidden(value: unknown): unknown {
  if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, hidden(member)]))
  return typeof value === 'string' && value.startsWith(redacted) ? value : redacted
}

function isAnother(before: object, after: object) {
  const [old, now] = [textIn(metadataOf(dictOf(before)), 'uid'), textIn(metadataOf(dictOf(after)), 'uid')]
  return old !== '' && now !== '' && old !== now
}

function managersOf(state: Dict | null): readonly ManagedField[] {
  const fields = metadataOf(state)['managedFields']
  return Array.isArray(fields)
    ? fields.filter((field): field is ManagedField => isRecord(field) && typeof field['manager'] === 'string')
    : []
}

function metadataOf(state: Dict | null): Dict {
  const metadata = state?.['metadata']
  return isRecord(metadata) ? metadata : {}
}

function textIn(dict: Dict | null, name: string) {
  const value = dict?.[name]
  return typeof value === 'string' ? value : ''
}

function dictOf(state: object): Dict {
  if (!isRecord(state))
    throw new Error('it is no message of kollect: a state of an object is something else than an object')
  return state
}
