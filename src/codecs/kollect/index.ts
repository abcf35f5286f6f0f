import type { WeirEvent } from '../../model/events.ts'
import type { ChangeData } from '../../model/kubernetes.ts'
import { encodeEnvelope, type KollectFields } from './encode.ts'
import { envelopeId, messageKey } from './names.ts'

export { decodeEnvelope, type KollectMessage, type KollectObject, type KollectPayload } from './decode.ts'
export { encodeEnvelope, type EnvelopeParts, type KollectFields } from './encode.ts'
export { goText } from './go-text.ts'
export { envelopeId, messageKey } from './names.ts'

const types: Readonly<Record<ChangeData['operation'], string>> = {
  created: 'kollect.resource.event.v1.ResourceCreatedEvent',
  updated: 'kollect.resource.event.v1.ResourceUpdatedEvent',
  deleted: 'kollect.resource.event.v1.ResourceDeletedEvent',
}

export function kollectEvent(event: WeirEvent, change: ChangeData, fields: KollectFields): WeirEvent {
  const id = envelopeId(event.id, change)
  const { family: _family, dataschema: _dataschema, ...rest } = event
  return {
    ...rest,
    id,
    type: types[change.operation],
    key: messageKey(change.cluster, change.uid),
    datacontenttype: 'application/protobuf',
    encoding: 'binary',
    data: encodeEnvelope({ id, time: event.time, change, fields }),
  }
}

export function kollectCount({ operation, group, version, kind, namespace = '' }: ChangeData) {
  return { resource: counters[operation], labels: { group, version, kind, namespace }, type: types[operation] }
}

const counters: Readonly<Record<ChangeData['operation'], string>> = {
  created: 'kollect_resource_created_total',
  updated: 'kollect_resource_updated_total',
  deleted: 'kollect_resource_deleted_total',
}

/** Throws with a reason for the dead letter if the event is no change. */
export function changeOf({ family = 'event', encoding, data }: WeirEvent): ChangeData {
  if (family !== 'change')
    throw new Error(
      `kollect has no message for the family ${family}; let the sink take changes only (\`only: {family: change}\`)`,
    )
  if (encoding !== 'json' || data === undefined)
    throw new Error('this event of the family change has no JSON as its data')
  const change = JSON.parse(new TextDecoder().decode(data)) as Partial<ChangeData> | null
  if (typeof change !== 'object' || change === null)
    throw new Error('the data of this event of the family change is no object')
  const missing = (['cluster', 'uid', 'group', 'version', 'kind', 'name', 'resourceVersion'] as const).find(
    (name) => typeof change[name] !== 'string',
  )
  if (missing !== undefined) throw new Error(`this event of the family change does not name its ${missing}`)
  if (change.operation === undefined || types[change.operation] === undefined)
    throw new Error(`an object is created, updated or deleted, and not ${JSON.stringify(change.operation)}`)
  for (const state of ['old', 'new'] as const) {
    const needed = state === 'old' ? change.operation === 'updated' : change.operation !== 'deleted'
    if (typeof change[state] !== 'object' || (needed && change[state] === null))
      throw new Error(`this event of the family change lacks \`${state}\`, the object`)
  }
  return change as ChangeData
}
