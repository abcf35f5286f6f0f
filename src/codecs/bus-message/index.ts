/** An event as a bus message: the common part of all buses, before bus-specific names. Pure. */
import { hash } from 'node:crypto'
import type { BatchKind } from '../../model/batches.ts'
import type { WeirEvent } from '../../model/events.ts'
import { kubernetesTypes } from '../../model/kubernetes.ts'
import { parseKubernetesRef } from '../../model/refs.ts'
import { encodeStructured, eventAttributes, protobufType, structuredType } from '../cloudevents/index.ts'

/**
 * `binary`: attributes beside the data. `structured`: one CloudEvent in JSON. `protobuf`: one in protobuf. `raw`: only
 * the data.
 */
export type MessageMode = 'binary' | 'structured' | 'protobuf' | 'raw'

interface Row {
  readonly kind: BatchKind
  /** Stable id of the row. */
  readonly id: string
  readonly key: string | undefined
  /** The event in the journal. */
  readonly event: WeirEvent
}

export interface BusMessage {
  /**
   * CloudEvents attributes by their plain names (`specversion`, `id`, `source` …) as text, without the content type;
   * only in binary mode.
   */
  readonly attributes: Readonly<Record<string, string>>
  /**
   * Attributes for consumer filters, in every mode: `type`, `family`, and for Kubernetes objects `cluster` `group`
   * `version` `kind` `namespace` `name`. None is empty.
   */
  readonly facts: Readonly<Record<string, string>>
  readonly contentType: string | undefined
  readonly body: Uint8Array
  /** Equal for every attempt by any instance. At most 128 letters, digits and `-_:.`; 43 letters for an event. */
  readonly id: string
  /** Messages with the same key keep their order. */
  readonly key: string | undefined
}

const nothing = new Uint8Array(0)

/** `form`: the event to send instead of the row's event, from an `EventForms`. */
export type MessageWriter = (row: Row, form: WeirEvent) => BusMessage

/** A writer for a mode; loads the code of that mode. */
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
 * (source, id) identifies an event. They are hashed, because they may be long and contain any characters. A flow is
 * identified by its position.
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

/** Weir's own events have the version of an object's type within the first bytes. */
const versionBytes = 1024
const ownTypes = new Set<string>(Object.values(kubernetesTypes))

function versionOf({ type, data }: WeirEvent): string | undefined {
  if (!ownTypes.has(type) || data === undefined) return undefined
  return /"version":"([^"\\]+)"/.exec(
    Buffer.from(data.buffer, data.byteOffset, Math.min(data.length, versionBytes)).toString(),
  )?.[1]
}
