import { create, toBinary } from '@bufbuild/protobuf'
import { anyPack, timestampFromMs, type Timestamp } from '@bufbuild/protobuf/wkt'
import type { ChangeData } from '../../model/kubernetes.ts'
import { EnvelopeSchema } from './generated/kollect/event/v1/event_pb.ts'
import {
  ResourceCreatedEventSchema,
  ResourceDeletedEventSchema,
  ResourceUpdatedEventSchema,
} from './generated/kollect/resource/event/v1/event_pb.ts'
import { goText } from './go-text.ts'

export type KollectFields = 'all' | 'original'

export interface EnvelopeParts {
  readonly id: string
  /** Unix ms. */
  readonly time: number | undefined
  readonly change: ChangeData
  readonly fields: KollectFields
}

const utf8 = new TextEncoder()

export function encodeEnvelope({ id, time, change, fields }: EnvelopeParts): Uint8Array {
  const timestamp = time === undefined ? {} : { timestamp: timestampFromMs(time) }
  const since = appliesAt(change, time)
  return toBinary(
    EnvelopeSchema,
    create(EnvelopeSchema, {
      id,
      ...timestamp,
      ...(since === undefined ? {} : { appliesAt: since }),
      payload: payloadOf(change, fields),
    }),
  )
}

function payloadOf(change: ChangeData, fields: KollectFields) {
  const { uid, cluster: clusterId, group, version, kind, name, resourceVersion } = change
  const known = { uid, clusterId }
  const more =
    fields === 'original'
      ? {}
      : {
          group,
          version,
          kind,
          namespace: change.namespace ?? '',
          name,
          resourceVersion,
          coalesced: change.coalesced === true,
        }
  const reduced = fields === 'original' ? {} : { reduced: change.reduced === true }
  switch (change.operation) {
    case 'created':
      return anyPack(
        ResourceCreatedEventSchema,
        create(ResourceCreatedEventSchema, {
          ...known,
          ...more,
          resource: objectBytes(change, change.new, 'newest'),
          ...(fields === 'original' ? {} : { initial: change.initial === true }),
        }),
      )
    case 'updated':
      return anyPack(
        ResourceUpdatedEventSchema,
        create(ResourceUpdatedEventSchema, {
          // oxlint-disable-next-line unicorn/no-thenable -- the field's name on the wire; its bytes are not callable
          then: stateBytes(change, change.old, 'earlier'),
          ...known,
          ...more,
          ...reduced,
          now: stateBytes(change, change.new, 'newest'),
          ...(fields === 'original' ? {} : { patch: utf8.encode(JSON.stringify(change.patch)) }),
        }),
      )
    case 'deleted':
      return anyPack(
        ResourceDeletedEventSchema,
        create(ResourceDeletedEventSchema, {
          ...known,
          ...more,
          ...reduced,
          ...(fields === 'original' || change.old === null ? {} : { state: objectBytes(change, change.old, 'newest') }),
        }),
      )
  }
}

type StateVersion = 'newest' | 'earlier'

function stateBytes(change: ChangeData, object: object | null, version: StateVersion) {
  return change.reduced === true ? new Uint8Array(0) : objectBytes(change, object, version)
}

/** States in the journal lack `resourceVersion`; consumers need it. */
function objectBytes(
  { group, version, kind, resourceVersion }: ChangeData,
  object: object | null,
  state: StateVersion,
): Uint8Array {
  const { metadata, ...rest } = { apiVersion: group === '' ? version : `${group}/${version}`, kind, ...object } as {
    readonly metadata?: object
  }
  const known = state === 'newest' && metadata !== undefined ? { resourceVersion, ...metadata } : metadata
  return utf8.encode(goText({ ...rest, ...(known === undefined ? {} : { metadata: known }) }))
}

/** Creation: creation time; deletion: time of its request; update: observed time. */
function appliesAt({ operation, old, new: now }: ChangeData, time: number | undefined): Timestamp | undefined {
  const own =
    operation === 'created'
      ? metadataTime(now, 'creationTimestamp')
      : operation === 'deleted'
        ? metadataTime(old, 'deletionTimestamp')
        : undefined
  const ms = own ?? time
  return ms === undefined ? undefined : timestampFromMs(ms)
}

function metadataTime(object: object | null, name: 'creationTimestamp' | 'deletionTimestamp'): number | undefined {
  const written = (
    object as {
      readonly metadata?: Readonly<{ creationTimestamp?: unknown; deletionTimestamp?: unknown }>
    } | null
  )?.metadata?.[name]
  const ms = typeof written === 'string' ? Date.parse(written) : Number.NaN
  return Number.isNaN(ms) ? undefined : ms
}
