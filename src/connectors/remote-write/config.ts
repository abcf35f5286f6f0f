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
  type Tls,
} from '../../schema/index.ts'
import { flowMetricFields } from '../../schema/flow-metrics.ts'

const receiver = {
  url: urlText(
    {
      description: 'URL of the receiver',
      required: true,
      example: 'https://mimir.example.com/api/v1/push',
    },
    { schemes: ['http', 'https'] },
  ),
  labels: mapping(text({ description: 'Value of a label', required: true, example: 'weir-0' }), {
    description: 'Labels of every series. Instances that push to one receiver need different ones',
    default: {},
    example: { instance: 'weir-0', cluster: 'prod-eu' },
  }),
  request_samples: integer(
    { description: 'Maximum samples in one request', unit: 'samples', default: 2000 },
    { min: 100, max: 100_000 },
  ),
  timeout: sendTimeout('30s'),
  headers: headersField('Additional headers of every request, such as the tenant', { 'X-Scope-OrgID': 'network' }),
  auth,
  tls,
}

export const remoteWriteSchema = defineSchema({
  type: 'remote-write',
  role: 'sink',
  summary: 'Sums flows into the metrics of NetObserv and pushes them by Prometheus remote write',
  fields: {
    url: receiver.url,
    protocol: choice(['auto', 'v1', 'v2'], {
      description:
        'Version of remote write: 1.0 or 2.0. `auto`: 2.0, and 1.0 if the receiver does not support it, which takes ' +
        'one request more at the start',
      default: 'auto',
    }),
    labels: receiver.labels,
    interval: duration(
      {
        description:
          'Interval at which series without new flows are pushed again, so that queries still find them. Series ' +
          'with new flows are pushed with each batch',
        default: '15s',
      },
      { min: '1s', max: '4m' },
    ),
    request_samples: receiver.request_samples,
    timeout: receiver.timeout,
    headers: receiver.headers,
    auth,
    tls,
    ...flowMetricFields,
  },
  check({ url, tls: tlsSettings, labels, include, custom }) {
    const wrong = receiverProblem({ url, tls: tlsSettings, labels })
    if (wrong !== null) return wrong
    const problem = metricsProblem({ include, custom })
    return problem === undefined ? null : new Complaint(problem)
  },
})

function receiverProblem({ url, tls: tlsSettings, labels }: ReceiverSettings): Complaint | null {
  const label = Object.keys(labels).find((name) => !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) || name.startsWith('__'))
  return label === undefined
    ? plainUrlComplaint({ url, tls: tlsSettings })
    : new Complaint(`\`${label}\` can't be a label`, 'use letters, digits and `_`', ['labels', label])
}

type ReceiverSettings = Readonly<{ url: string; tls: Tls | null; labels: Readonly<Record<string, string>> }>

export type RemoteWriteConfig = ConfigOf<typeof remoteWriteSchema>

export const remoteWritePointsSchema = defineSchema({
  type: 'remote-write-points',
  role: 'sink',
  summary: 'Pushes points as samples, with their values and times, by Prometheus remote write',
  fields: receiver,
  check: receiverProblem,
})

export type RemoteWritePointsConfig = ConfigOf<typeof remoteWritePointsSchema>

export const remoteWriteSourceSchema = defineSchema({
  type: 'remote-write',
  role: 'source',
  summary: 'Receives samples through Prometheus remote write 1.0 and 2.0',
  fields: receiverFields('127.0.0.1:9090', 'senders'),
  check: receiverComplaint,
})

export type RemoteWriteSourceConfig = ConfigOf<typeof remoteWriteSourceSchema>
