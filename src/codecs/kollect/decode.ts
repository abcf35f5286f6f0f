import { fromBinary, type DescMessage } from '@bufbuild/protobuf'
import { anyUnpack, timestampMs, type Any } from '@bufbuild/protobuf/wkt'
import type { PatchStep } from '../../model/kubernetes.ts'
import { EnvelopeSchema } from './generated/kollect/event/v1/event_pb.ts'
import {
  ResourceCreatedEventSchema,
  ResourceDeletedEventSchema,
  ResourceUpdatedEventSchema,
} from './generated/kollect/resource/event/v1/event_pb.ts'

export interface KollectObject {
  readonly clusterId: string
  readonly uid: string
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly resourceVersion: string
  readonly coalesced: boolean
}

export type KollectPayload =
  | (KollectObject & Readonly<{ is: 'created'; resource: object; initial: boolean }>)
  | (KollectObject & Readonly<{ is: 'updated'; old: object; new: object; patch: readonly PatchStep[] | undefined }>)
  /** An update that as a whole was too large: the patch between two states, without the states. */
  | (KollectObject & Readonly<{ is: 'patched'; patch: readonly PatchStep[] }>)
  | (KollectObject & Readonly<{ is: 'deleted'; state: object | undefined }>)
  /** A message of a type that this reader does not know: to be acknowledged and left alone. */
  | Readonly<{ is: 'unknown'; typeUrl: string }>

export interface KollectMessage {
  readonly id: string
  /** Unix ms. */
  readonly timestamp: number | undefined
  /** Unix ms. */
  readonly appliesAt: number | undefined
  readonly payload: KollectPayload
}

export function decodeEnvelope(bytes: Uint8Array): KollectMessage {
  const { id, timestamp, appliesAt, payload } = fromBinary(EnvelopeSchema, bytes)
  return {
    id,
    timestamp: timestamp === undefined ? undefined : timestampMs(timestamp),
    appliesAt: appliesAt === undefined ? undefined : timestampMs(appliesAt),
    payload: readPayload(payload),
  }
}

function readPayload(any: Any | undefined): KollectPayload {
  const created = unpack(any, ResourceCreatedEventSchema)
  if (created !== undefined)
    return { is: 'created', ...identity(created), resource: json(created.resource), initial: created.initial }
  const updated = unpack(any, ResourceUpdatedEventSchema)
  if (updated !== undefined) {
    const patch = updated.patch.length === 0 ? undefined : (json(updated.patch) as readonly PatchStep[])
    if (updated.reduced) return { is: 'patched', ...identity(updated), patch: patch ?? [] }
    return { is: 'updated', ...identity(updated), old: json(updated.then), new: json(updated.now), patch }
  }
  const deleted = unpack(any, ResourceDeletedEventSchema)
  if (deleted !== undefined)
    return { is: 'deleted', ...identity(deleted), state: deleted.state.length === 0 ? undefined : json(deleted.state) }
  return { is: 'unknown', typeUrl: any?.typeUrl ?? '' }
}

function unpack<D extends DescMessage>(any: Any | undefined, schema: D) {
  return any === undefined ? undefined : anyUnpack(any, schema)
}

function identity({
  clusterId,
  uid,
  group,
  version,
  kind,
  namespace,
  name,
  resourceVersion,
  coalesced,
}: KollectObject): KollectObject {
  return { clusterId, uid, group, version, kind, namespace, name, resourceVersion, coalesced }
}

function json(bytes: Uint8Array) {
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as object
}
