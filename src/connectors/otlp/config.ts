import { metricsProblem } from '../../codecs/flow-metrics/settings.ts'
import { resolveFieldName } from '../../model/fields.ts'
import {
  auth,
  choice,
  Complaint,
  defineSchema,
  duration,
  integer,
  listen,
  mapping,
  netobservFields,
  tcpFlags,
  text,
  tls,
  urlText,
  type ConfigOf,
  headersComplaint,
  headersField,
  receiverComplaint,
  receiverFields,
  sendTimeout,
} from '../../schema/index.ts'
import { flowMetricFields } from '../../schema/flow-metrics.ts'

const ownHeaders = /^(?:content-.*|host|connection|te|grpc-.*|.*-bin)$/i

export const otlpSchema = defineSchema({
  type: 'otlp',
  role: 'sink',
  summary: 'Exports flows and events as OpenTelemetry logs, or flows as metrics, over gRPC or HTTP',
  fields: {
    url: urlText(
      {
        description:
          'URL of the receiver. `grpc://` and `grpcs://` (TLS): gRPC, default port 4317. `http://` and `https://`: ' +
          'protobuf over HTTP, default ports 4318 and 443; `/v1/logs` or `/v1/metrics` is added to the path',
        required: true,
        example: 'grpc://otel-collector.observability.svc:4317',
      },
      { schemes: ['grpc', 'grpcs', 'http', 'https'] },
    ),
    signal: choice(['logs', 'metrics'], {
      description:
        '`logs`: each flow and event is a log record. `metrics`: flows are summed into the metrics of NetObserv. ' +
        'For both, configure two sinks',
      default: 'logs',
    }),
    codec: choice(['netobserv-json', 'json'], {
      description: "Body of a flow's log record: JSON with the keys of NetObserv, or of the registry",
      default: 'netobserv-json',
    }),
    tcp_flags: tcpFlags,
    netobserv_fields: netobservFields,
    fields_mapping: mapping(text({ description: 'Name of the attribute', required: true, example: 'client.address' }), {
      description:
        'Attribute names by field, in place of the default ones, for logs. An attribute named `-` is left out. ' +
        'Fields without an attribute are in the body only',
      default: {},
      example: { SrcAddr: 'client.address', DstSubnetLabel: '-' },
    }),
    service_name: text({ description: 'Attribute `service.name` of the resource', default: 'weir' }),
    resource: mapping(text({ description: 'Value of an attribute', required: true, example: 'production' }), {
      description: 'Further attributes of the resource',
      default: {},
      example: { 'deployment.environment.name': 'production' },
    }),
    compression: choice(['gzip', 'none'], { description: 'Compression of requests', default: 'gzip' }),
    request_events: integer(
      { description: 'Maximum log records or data points in one request', unit: 'events', default: 2000 },
      { min: 1, max: 100_000 },
    ),
    interval: duration(
      {
        description:
          'Interval at which series without new flows are exported again, for metrics. Series with new flows are ' +
          'exported with each batch',
        default: '20s',
      },
      { min: '1s', max: '4m' },
    ),
    timeout: sendTimeout('10s'),
    headers: headersField('Additional headers, or gRPC metadata, of every request', { 'X-Scope-OrgID': 'network' }),
    auth,
    tls,
    ...flowMetricFields,
  },
  check({ url, tls: tlsSettings, headers, fields_mapping: mapped, include, custom }) {
    const header = headersComplaint(headers, ownHeaders, /^[A-Za-z0-9_.-]+$/)
    if (header !== null) return header
    if (tlsSettings !== null && /^(?:grpc|http):/.test(url))
      return new Complaint('`tls` is set, but the URL is a plain connection', 'write grpcs:// or https://', ['url'])
    const unknown = Object.keys(mapped).find((field) => resolveFieldName(field) === undefined)
    if (unknown !== undefined)
      return new Complaint(`there is no field \`${unknown}\``, 'use any name of a flow field', [
        'fields_mapping',
        unknown,
      ])
    const problem = metricsProblem({ include, custom })
    return problem === undefined ? null : new Complaint(problem)
  },
})

export type OtlpConfig = ConfigOf<typeof otlpSchema>

export const otlpSourceSchema = defineSchema({
  type: 'otlp',
  role: 'source',
  summary: 'Receives logs and metrics of OpenTelemetry over HTTP and gRPC',
  fields: {
    ...receiverFields('127.0.0.1:4318', 'exporters'),
    grpc: listen({ description: 'Addresses of the listeners for gRPC', default: '127.0.0.1:4317' }),
  },
  check: ({ listen: places, grpc, tls: tlsSettings, token }) => {
    const complaint = (path: 'listen' | 'grpc', listed: typeof places) =>
      receiverComplaint({ listen: listed, tls: tlsSettings, token }, path)
    return complaint('listen', places) ?? complaint('grpc', grpc)
  },
})

export type OtlpSourceConfig = ConfigOf<typeof otlpSourceSchema>
