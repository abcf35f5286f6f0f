// Decodes CloudEvents in protobuf by the standard's schema (cloudevents.proto), without Weir's codec.
import {
  create,
  createFileRegistry,
  fromBinary,
  toBinary,
  type DescMessage,
  type MessageInitShape,
} from '@bufbuild/protobuf'
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FileDescriptorProtoSchema,
  file_google_protobuf_any,
  file_google_protobuf_timestamp,
  timestampFromDate,
  timestampDate,
  type Timestamp,
} from '@bufbuild/protobuf/wkt'

const at = '.io.cloudevents.v1'
const field = (
  name: string,
  number: number,
  type: Type,
  more: { readonly label?: Label; readonly typeName?: string; readonly oneofIndex?: number } = {},
) => ({ name, number, type, label: Label.OPTIONAL, ...more })
const value = [
  ['ce_boolean', Type.BOOL],
  ['ce_integer', Type.INT32],
  ['ce_string', Type.STRING],
  ['ce_bytes', Type.BYTES],
  ['ce_uri', Type.STRING],
  ['ce_uri_ref', Type.STRING],
] as const

const file = create(FileDescriptorProtoSchema, {
  name: 'cloudevents.proto',
  package: 'io.cloudevents.v1',
  syntax: 'proto3',
  dependency: ['google/protobuf/any.proto', 'google/protobuf/timestamp.proto'],
  messageType: [
    {
      name: 'CloudEvent',
      oneofDecl: [{ name: 'data' }],
      field: [
        field('id', 1, Type.STRING),
        field('source', 2, Type.STRING),
        field('spec_version', 3, Type.STRING),
        field('type', 4, Type.STRING),
        field('attributes', 5, Type.MESSAGE, { label: Label.REPEATED, typeName: `${at}.CloudEvent.AttributesEntry` }),
        field('binary_data', 6, Type.BYTES, { oneofIndex: 0 }),
        field('text_data', 7, Type.STRING, { oneofIndex: 0 }),
        field('proto_data', 8, Type.MESSAGE, { oneofIndex: 0, typeName: '.google.protobuf.Any' }),
      ],
      nestedType: [
        {
          name: 'AttributesEntry',
          options: { mapEntry: true },
          field: [
            field('key', 1, Type.STRING),
            field('value', 2, Type.MESSAGE, { typeName: `${at}.CloudEvent.CloudEventAttributeValue` }),
          ],
        },
        {
          name: 'CloudEventAttributeValue',
          oneofDecl: [{ name: 'attr' }],
          field: [
            ...value.map(([name, type], index) => field(name, index + 1, type, { oneofIndex: 0 })),
            field('ce_timestamp', 7, Type.MESSAGE, { oneofIndex: 0, typeName: '.google.protobuf.Timestamp' }),
          ],
        },
      ],
    },
    {
      name: 'CloudEventBatch',
      field: [field('events', 1, Type.MESSAGE, { label: Label.REPEATED, typeName: `${at}.CloudEvent` })],
    },
  ],
})
const registry = createFileRegistry(file, (name) =>
  name.includes('any') ? file_google_protobuf_any.proto : file_google_protobuf_timestamp.proto,
)
const messageOf = (name: string): DescMessage => registry.getMessage(`io.cloudevents.v1.${name}`) as DescMessage
const [eventType, batchType] = [messageOf('CloudEvent'), messageOf('CloudEventBatch')]

export interface ProtobufEvent {
  readonly id: string
  readonly source: string
  readonly type: string
  readonly attributes?: Readonly<Record<string, string | number | boolean | Date>>
  readonly binaryData?: Uint8Array
  readonly textData?: string
}

export function protobufEvent({ id, source, type, attributes = {}, binaryData, textData }: ProtobufEvent): Uint8Array {
  const attr = (value: string | number | boolean | Date): object => {
    if (value instanceof Date) return { case: 'ceTimestamp', value: timestampFromDate(value) }
    return {
      case: typeof value === 'string' ? 'ceString' : typeof value === 'number' ? 'ceInteger' : 'ceBoolean',
      value,
    }
  }
  const data =
    binaryData !== undefined
      ? { case: 'binaryData', value: binaryData }
      : textData !== undefined
        ? { case: 'textData', value: textData }
        : { case: undefined }
  return toBinary(
    eventType,
    create(eventType, {
      id,
      source,
      specVersion: '1.0',
      type,
      attributes: Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, { attr: attr(value) }])),
      data,
    } as MessageInitShape<DescMessage>),
  )
}

export function protobufBatch(events: readonly Uint8Array[]): Uint8Array {
  return toBinary(
    batchType,
    create(batchType, { events: events.map((one) => fromBinary(eventType, one)) } as MessageInitShape<DescMessage>),
  )
}

interface ReadEvent {
  readonly id: string
  readonly source: string
  readonly specVersion: string
  readonly type: string
  readonly attributes: Readonly<
    Record<string, { readonly attr: { readonly case: string; readonly value: string | number | boolean | Timestamp } }>
  >
  readonly data: { readonly case?: string; readonly value?: Uint8Array | string }
}

export function readProtobuf(body: Uint8Array): ProtobufEvent {
  return plain(fromBinary(eventType, body) as unknown as ReadEvent)
}

export function readProtobufBatch(body: Uint8Array): ProtobufEvent[] {
  return (fromBinary(batchType, body) as unknown as { readonly events: readonly ReadEvent[] }).events.map(plain)
}

function plain({ id, source, type, attributes, data }: ReadEvent): ProtobufEvent {
  const entries = Object.entries(attributes).map(([name, { attr }]) => [
    name,
    attr.case === 'ceTimestamp' ? timestampDate(attr.value as Timestamp) : attr.value,
  ])
  return {
    id,
    source,
    type,
    attributes: Object.fromEntries(entries) as Record<string, string>,
    ...(data.case === undefined ? {} : { [data.case]: data.value }),
  }
}
