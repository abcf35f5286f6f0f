import { hash } from 'node:crypto'
import type { BatchKind } from '../../model/batches.ts'
import type { WeirEvent } from '../../model/events.ts'
import { kubernetesTypes } from '../../model/kubernetes.ts'
import { parseKubernetesRef } from '../../model/refs.ts'
import { encodeStructured, eventAttributes, protobufType, structuredType } from '../cloudevents/index.ts'

/** `binary`: attributes beside the data. `structured`, `protobuf`: one CloudEvent. `raw`: only the data. */
export type MessageMode = 'binary' | 'structured' | 'protobuf' | 'raw'

type Row = Readonly<{
  kind: BatchKind
  id: string
  key: string | undefined
  event: WeirEvent
}>

export type BusMessage = Readonly<{
  /** CloudEvents attributes as text, without the content type; only in binary mode. */
  attributes: Readonly<Record<string, string>>
  /** For consumer filters: `type`, `family`, and of Kubernetes objects `cluster` `group` … `name`. None is empty. */
  facts: Readonly<Record<string, string>>
  contentType: string | undefined
  body: Uint8Array
  /** Equal for every attempt by any instance. At most 128 characters of `A-Za-z0-9-_:.`. */
  id: string
  key: string | undefined
}>

const nothing = new Uint8Array(0)

export type MessageWriter = (row: Row, form: WeirEvent) => BusMessage

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

/** Hashed (source, id), which may be long. A flow is identified by its position. */
function messageId({ kind, id }: Pick<Row, 'kind' | 'id'>, { source, id: eventId }: WeirEvent) {
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

/** Weir's own events have the object's version within the first bytes. */
const versionBytes = 1024
const ownTypes = new Set<string>(Object.values(kubernetesTypes))

function versionOf({ type, data }: WeirEvent): string | undefined {
  if (!ownTypes.has(type) || data === undefined) return undefined
  return /"version":"([^"\\]+)"/.exec(
    Buffer.from(data.buffer, data.byteOffset, Math.min(data.length, versionBytes)).toString(),
  )?.[1]
}
