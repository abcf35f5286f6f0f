import { flowField, resolveFieldName } from '../../model/fields.ts'
import { netobservLabels, netobservOptionalLabels } from '../../model/netobserv-labels.ts'
import {
  auth,
  bytes,
  choice,
  Complaint,
  defineSchema,
  list,
  mapping,
  netobservFields,
  tcpFlags,
  text,
  tls,
  urlText,
  type ConfigOf,
  receiverComplaint,
  receiverFields,
  headersComplaint,
  plainUrlComplaint,
  headersField,
  sendTimeout,
} from '../../schema/index.ts'
import { labelNameOf } from './map-labels.ts'

/** Labels of NetObserv's operator, with those of its options, which exist only where flows have them. */
const operatorLabels = [
  ...netobservLabels,
  ...netobservOptionalLabels.zones,
  ...netobservOptionalLabels.clusters,
  '_RecordType',
]

const labelValue = text({ description: 'Value of a label', required: true, example: 'edge' })

export const lokiSchema = defineSchema({
  type: 'loki',
  role: 'sink',
  summary: "Pushes flows and events to Grafana Loki, with the labels and lines of NetObserv's pipeline",
  fields: {
    url: urlText(
      {
        description: 'Base URL of Loki or its gateway; `/loki/api/v1/push` is appended',
        required: true,
        example: 'http://loki.netobserv.svc:3100',
      },
      { schemes: ['http', 'https'] },
    ),
    tenant: text(
      { description: 'Tenant, the header `X-Scope-OrgID`. Empty: without the header', default: 'netobserv' },
      { pattern: /[A-Za-z0-9!_.*'()|-]{0,150}/, expects: "a tenant of letters, digits and `!-_.*'()|`" },
    ),
    encoding: choice(['protobuf', 'json'], {
      description: 'Encoding of requests: protobuf compressed with snappy, or JSON',
      default: 'protobuf',
    }),
    codec: choice(['netobserv-json', 'json'], {
      description:
        "Line of a flow: `netobserv-json` with NetObserv's keys, sorted; `json` with the fields of the registry. " +
        'Fields that are labels are left out. The line of an event is a CloudEvent in JSON',
      default: 'netobserv-json',
    }),
    tcp_flags: tcpFlags,
    netobserv_fields: netobservFields,
    labels: list(text({ description: 'Field of a flow, by any of its names', required: true, example: 'src_zone' }), {
      description:
        "Fields of flows that become labels, under NetObserv's names; an absent value has no label. Each " +
        'combination of values is a stream',
      default: operatorLabels,
    }),
    static_labels: mapping(labelValue, {
      description: 'Labels of all flows',
      default: { app: 'netobserv-flowcollector' },
    }),
    event_labels: mapping(labelValue, {
      description: 'Labels of all events, beside `family`, `source` and `type`',
      default: { app: 'weir' },
    }),
    timestamp: choice(['time_end', 'time_start', 'time_received'], {
      description: 'Time of a flow; another one if it is absent',
      default: 'time_end',
    }),
    request_bytes: bytes(
      { description: 'Maximum size of the lines in one request, before compression', default: '10MiB' },
      { min: '1KiB', max: '64MiB' },
    ),
    headers: headersField(),
    timeout: sendTimeout('10s'),
    auth,
    tls,
  },
  check({ url, labels, static_labels: fixed, event_labels: ofEvents, headers, tls: tlsSettings }) {
    return (
      headersComplaint(headers, reserved) ??
      plainUrlComplaint({ url, tls: tlsSettings }) ??
      labelComplaint(labels, fixed, ofEvents)
    )
  },
})

const reserved = /^(?:content-(?:type|length|encoding)|host|connection|transfer-encoding|x-scope-orgid)$/i

type Labels = Readonly<Record<string, string>>

function labelComplaint(labels: readonly string[], fixed: Labels, ofEvents: Labels): Complaint | null {
  const seen = new Set(Object.keys(fixed).map((name) => labelNameOf(name)))
  for (const [index, label] of labels.entries()) {
    const field = flowField(resolveFieldName(label) ?? '')
    if (field === undefined)
      return new Complaint(`\`${label}\` is not a field of a flow`, 'see the reference of fields', ['labels', index])
    if (!['dict', 'u8', 'u16', 'u32'].includes(field.kind))
      return new Complaint(
        `\`${label}\` can't be a label: almost every flow would be a separate stream`,
        'use a name or a small number',
        ['labels', index],
      )
    const name = labelNameOf(field.netobserv ?? field.name)
    if (seen.has(name)) return new Complaint(`the label \`${name}\` is set twice`, 'remove one', ['labels', index])
    seen.add(name)
  }
  if (Object.keys(fixed).length === 0)
    return new Complaint(
      '`static_labels` is empty, and Loki rejects streams without labels',
      'set at least one, for example `app`',
      ['static_labels'],
    )
  const key = Object.keys(ofEvents).find((name) => ['family', 'source', 'type'].includes(labelNameOf(name)))
  return key === undefined
    ? null
    : new Complaint(`the label \`${key}\` is set twice`, 'events have it already', ['event_labels', key])
}

export type LokiConfig = ConfigOf<typeof lokiSchema>

export const lokiPushSchema = defineSchema({
  type: 'loki-push',
  role: 'source',
  summary: "Receives log lines through Grafana Loki's push API",
  fields: {
    ...receiverFields('127.0.0.1:3100', 'clients'),
    tenants: list(text({ description: 'A tenant', required: true, example: 'shop' }), {
      description: 'Tenants (`X-Scope-OrgID`) to accept. Empty: all, also requests without one',
      default: [],
      example: ['shop'],
    }),
  },
  check: receiverComplaint,
})

export type LokiPushConfig = ConfigOf<typeof lokiPushSchema>
