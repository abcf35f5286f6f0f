import { metricsProblem } from '../../codecs/flow-metrics/settings.ts'
import {
  auth,
  choice,
  Complaint,
  defineSchema,
  duration,
  integer,
  mapping,
  text,
  tls,
  urlText,
  type ConfigOf,
  receiverComplaint,
  receiverFields,
  plainUrlComplaint,
  headersField,
  sendTimeout,
} from '../../schema/index.ts'
import { flowMetricFields } from '../../schema/flow-metrics.ts'

export const remoteWriteSchema = defineSchema({
  type: 'remote-write',
  role: 'sink',
  summary: 'Sums flows into the metrics of NetObserv and pushes them by Prometheus remote write',
  fields: {
    url: urlText(
      {
        description: 'URL of the receiver',
        required: true,
        example: 'https://mimir.example.com/api/v1/push',
      },
      { schemes: ['http', 'https'] },
    ),
    protocol: choice(['auto', 'v1', 'v2'], {
      description:
        'Version of remote write: 1.0 or 2.0. `auto`: 2.0, and 1.0 if the receiver does not support it, which takes ' +
        'one request more at the start',
      default: 'auto',
    }),
    labels: mapping(text({ description: 'Value of a label', required: true, example: 'weir-0' }), {
      description: 'Labels of every series. Instances that push to one receiver need different ones',
      default: {},
      example: { instance: 'weir-0', cluster: 'prod-eu' },
    }),
    interval: duration(
      {
        description:
          'Interval at which series without new flows are pushed again, so that queries still find them. Series ' +
          'with new flows are pushed with each batch',
        default: '15s',
      },
      { min: '1s', max: '4m' },
    ),
    request_samples: integer(
      { description: 'Maximum samples in one request', unit: 'samples', default: 2000 },
      { min: 100, max: 100_000 },
    ),
    timeout: sendTimeout('30s'),
    headers: headersField('Additional headers of every request, such as the tenant', { 'X-Scope-OrgID': 'network' }),
    auth,
    tls,
    ...flowMetricFields,
  },
  check({ url, tls: tlsSettings, labels, include, custom }) {
    const label = Object.keys(labels).find((name) => !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) || name.startsWith('__'))
    if (label !== undefined)
      return new Complaint(`\`${label}\` can't be a label`, 'use letters, digits and `_`', ['labels', label])
    const plain = plainUrlComplaint({ url, tls: tlsSettings })
    if (plain !== null) return plain
    const problem = metricsProblem({ include, custom })
    return problem === undefined ? null : new Complaint(problem)
  },
})

export type RemoteWriteConfig = ConfigOf<typeof remoteWriteSchema>

export const remoteWriteSourceSchema = defineSchema({
  type: 'remote-write',
  role: 'source',
  summary: 'Receives samples through Prometheus remote write 1.0 and 2.0',
  fields: receiverFields('127.0.0.1:9090', 'senders'),
  check: receiverComplaint,
})

export type RemoteWriteSourceConfig = ConfigOf<typeof remoteWriteSourceSchema>
