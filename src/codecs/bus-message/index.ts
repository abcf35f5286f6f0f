/** An event as a message of a bus: what is the same on every bus, before the bus's own names for things. Pure. */
import { hash } from 'node:crypto'
import type { BatchKind } from '../../model/batches.ts'
import type { WeirEvent } from '../../model/events.ts'
import { kubernetesTypes } from '../../model/kubernetes.ts'
import { parseKubernetesRef } from '../../model/refs.ts'
import { encodeStructured, eventAttributes, protobufType, structuredType } from '../cloudevents/index.ts'

/** `binary`: attributes beside the data. `structured`: one CloudEvent in JSON. `protobuf`: one in protobuf. `raw`: the data alone. */
export type MessageMode = 'binary' | 'structured' | 'protobuf' | 'raw'

interface Row {
  readonly kind: BatchKind
  /** Stable id of the row. */
  readonly id: string
  readonly key: string | undefined
  /** As it is in the journal. */
  readonly event: WeirEvent
}

export interface BusMessage {
  /** CloudEvents' attributes by their plain names (`specversion`, `id`, `source` …) as plain text, content type apart; none but in binary mode. */
  readonly attributes: Readonly<Record<string, string>>
  /** What a consumer can choose by without reading the body, in every mode: `type`, `family`, and of what is about an object of Kubernetes `cluster` `group` `version` `kind` `namespace` `name`. None is empty. */
  readonly facts: Readonly<Record<string, string>>
  readonly contentType: string | undefined
  readonly body: Uint8Array
  /** The same for every attempt at this event, by whichever Weir: at most 128 letters, digits and `-_:.` of an event 43 letters. */
  readonly id: string
  /** Messages of one key are to stay in order. */
  readonly key: string | undefined
}

const nothing = new Uint8Array(0)

/** `form`: what goes out in place of the row's event, as an `EventForms` made it. */
export type MessageWriter = (row: Row, form: WeirEvent) => BusMessage

/** What writes messages in a mode; brings what it needs for that. */
export async function messageWriter(mode: MessageMode): Promise<MessageWriter> {
  if (mode !== 'protobuf') return (row, form) => busMessage(row, form, mode)
  const { encodeProtobuf } = await import('../cloudevents/protobuf.ts')
  return (row, form) => ({
    ...commonOf(row, form),
    attributes: {},
    contentType: protobufType,
    body: encodeProtobuf(form),
  })
}

export function busMessage(row: Row, form: WeirEvent, mode: Exclude<MessageMode, 'protobuf'>): BusMessage {
  const common = commonOf(row, form)
  if (mode === 'structured')
    return { ...common, attributes: {}, contentType: `${structuredType}; charset=utf-8`, body: encodeStructured(form) }
  const { attributes, contentType } = eventAttributes(form)
  return { ...common, attributes: mode === 'raw' ? {} : attributes, contentType, body: form.data ?? nothing }
}

function commonOf(row: Row, form: WeirEvent): Pick<BusMessage, 'facts' | 'id' | 'key'> {
  return {
    facts: factsOf(row, form),
    id: messageId(row, form),
    key: row.kind === 'flows' ? undefined : (form.key ?? row.key),
  }
}

/**
 * An event is the same event wherever (source, id) is the same; the two are hashed, because they may be long and hold
 * anything. A flow is known by its place.
 */
export function messageId({ kind, id }: Pick<Row, 'kind' | 'id'>, { source, id: eventId }: WeirEvent): string {
  return kind === 'flows' ? id : hash('sha256', `${source.length}:${source}${eventId}`, 'base64url')
}

function factsOf({ kind, event }: Row, form: WeirEvent): Record<string, string> {
  const facts: Record<string, string> = {
    type: form.type,
    family: kind === 'flows' ? 'flow' : (event.family ?? 'event'),
  }
  const object = event.ref === undefined ? undefined : parseKubernetesRef(event.ref)
  if (object === undefined) return facts
  const version = versionOf(event)
  for (const [name, value] of Object.entries({ ...object, ...(version === undefined ? {} : { version }) }))
    if (value !== '') facts[name] = value
  return facts
}

/** Where Weir's own events name the version of an object's type: in front of everything that is large. */
const versionBytes = 1024
const ownTypes = new Set<string>(Object.values(kubernetesTypes))

function versionOf({ type, data }: WeirEvent): string | undefined {
  if (!ownTypes.has(type) || data === undefined) return undefined
  return /"version":"([^"\\]+)"/.exec(
    Buffer.from(data.buffer, data.byteOffset, Math.min(data.length, versionBytes)).toString(),
  )?.[1]
}
