import { isDeepStrictEqual } from 'node:util'
import type { ChangeData } from '../../../src/model/kubernetes.ts'
import type { ConsumedMessage } from './reader.ts'

/** Unix ms of every event. */
export const sentAt = Date.UTC(2026, 5, 1, 12, 0, 0, 123)

/** Differences between a message and the sent change. */
export function differences(read: Omit<ConsumedMessage, 'left'>, sent: ChangeData | undefined, all: boolean): string[] {
  if (sent === undefined) return [`${read.key}: never sent`]
  const { operation, old, new: now } = sent
  const type = { created: 'ResourceCreatedEvent', updated: 'ResourceUpdatedEvent', deleted: 'ResourceDeletedEvent' }[
    operation
  ]
  // oxlint-disable-next-line unicorn/no-thenable -- the name that the field has on the wire
  const object = { created: { resource: now }, updated: { then: old, now }, deleted: all ? { state: old } : {} }[
    operation
  ]
  const more = {
    ...(sent.group === '' ? {} : { group: sent.group }),
    version: sent.version,
    kind: sent.kind,
    ...(sent.namespace === undefined ? {} : { namespace: sent.namespace }),
    name: sent.name,
    resource_version: sent.resourceVersion,
    ...(sent.coalesced ? { coalesced: true } : {}),
    ...(sent.initial ? { initial: true } : {}),
    ...(operation === 'updated' ? { patch: sent.patch } : {}),
  }
  const wanted: Record<string, unknown> = { uid: sent.uid, cluster_id: sent.cluster, ...object, ...(all ? more : {}) }
  const json = new Set(['resource', 'then', 'now', 'state', 'patch'])
  const found = Object.fromEntries(
    Object.entries(read.fields).map(([name, value]) => [
      name,
      json.has(name) ? (JSON.parse(String(value)) as unknown) : value,
    ]),
  )
  const applies = {
    created: Date.parse('2026-01-02T03:04:05Z'),
    updated: sentAt,
    deleted: Date.parse('2026-01-03T00:00:00Z'),
  }[operation]
  return [
    ...(read.type_url === `type.googleapis.com/kollect.resource.event.v1.${type}`
      ? []
      : [`${read.key}: type ${read.type_url}`]),
    ...(read.timestamp === sentAt && read.applies_at === applies
      ? []
      : [`${read.key}: times ${read.timestamp} ${read.applies_at}`]),
    ...(/^[0-9a-f]{8}-/.test(read.id) ? [] : [`${read.key}: id ${read.id}`]),
    ...[...new Set([...Object.keys(wanted), ...Object.keys(found)])]
      .filter((name) => !isDeepStrictEqual(wanted[name], found[name]))
      .map((name) => `${read.key}: ${name} is ${JSON.stringify(found[name])?.slice(0, 100)}`),
  ]
}
