import { metricsProblem } from '../../codecs/flow-metrics/settings.ts'
import { isSecure } from '../../net/http/loopback.ts'
import {
  auth,
  bytes,
  Complaint,
  defineSchema,
  duration,
  flag,
  group,
  integer,
  kubeconfigField,
  leaseFields,
  leastToken,
  list,
  listen,
  mapping,
  secret,
  text,
  tls,
  urlText,
  type ConfigOf,
} from '../../schema/index.ts'
import { flowMetricFields } from '../../schema/flow-metrics.ts'
import { labelFields } from '../../schema/label-fields.ts'
import { listenerTls } from '../../schema/listener-tls.ts'

export const prometheusSchema = defineSchema({
  type: 'prometheus',
  role: 'sink',
  summary: 'Sums flows into the metrics of NetObserv and serves them to Prometheus',
  fields: {
    listen: listen({ description: 'Addresses for scrapes: `GET /metrics`', default: '127.0.0.1:9102' }),
    tls: listenerTls('Prometheus'),
    token: secret(
      {
        description: 'Bearer token that each scrape must contain',
        default: null,
        example: 'file:/run/secrets/scrape-token',
      },
      { least: leastToken },
    ),
    ...flowMetricFields,
  },
  check({ listen: places, include, custom }) {
    if (places.length === 0)
      return new Complaint('nothing can scrape these metrics', 'set `listen`, or remove the sink', ['listen'])
    const problem = metricsProblem({ include, custom })
    return problem === undefined ? null : new Complaint(problem)
  },
})

export type PrometheusConfig = ConfigOf<typeof prometheusSchema>

export const prometheusScrapeSchema = defineSchema({
  type: 'prometheus-scrape',
  role: 'source',
  summary: 'Scrapes metrics in the formats of Prometheus and OpenMetrics, as Prometheus does',
  fields: {
    targets: list(
      urlText(
        { description: 'URL of the metrics', required: true, example: 'http://10.0.0.5:9100/metrics' },
        { schemes: ['http', 'https'] },
      ),
      {
        description: 'Fixed targets; may be empty with `pods`',
        required: true,
        example: ['http://10.0.0.5:9100/metrics'],
      },
    ),
    pods: group(
      {
        kubeconfig: kubeconfigField(),
        namespaces: list(text({ description: 'A namespace', required: true, example: 'shop' }), {
          description: 'Namespaces of the pods. Empty: all',
          default: [],
          example: ['shop'],
        }),
      },
      {
        description:
          'Pods with the annotation `prometheus.io/scrape: "true"`. `prometheus.io/port` (else each port of a ' +
          'container), `path` and `scheme` apply',
        default: null,
        example: { namespaces: ['shop'] },
      },
    ),
    job: text({ description: 'Label `job`. Unset: the name of the source', default: null, example: 'node' }),
    labels: mapping(text({ description: 'Value of a label', required: true, example: 'lon1' }), {
      description: 'Labels of all targets',
      default: {},
      example: { zone: 'lon1' },
    }),
    every: duration(
      { description: 'Interval of scrapes; jitter shortens it by up to 10 %', default: '30s' },
      { min: '1s', max: '1d' },
    ),
    timeout: duration({ description: 'Timeout of one scrape', default: '10s' }, { min: '10ms', max: '10m' }),
    max_body: bytes(
      { description: 'Maximum size of a response; a larger one fails the scrape', default: '16MiB' },
      { min: '1KiB', max: '256MiB' },
    ),
    sample_limit: integer(
      { description: 'Maximum samples of one scrape; more fail it', unit: 'samples', default: 50_000 },
      { min: 1, max: 1_000_000 },
    ),
    ...labelFields,
    honor_labels: flag({
      description: 'Keep labels of the target that are labels of Weir too. Unset: they are named `exported_<label>`',
      default: false,
    }),
    honor_timestamps: flag({ description: 'Use the times of samples that have one', default: true }),
    auth,
    tls,
    lease: leaseFields.lease,
  },
  check({ targets, pods, auth: login, labels }) {
    if (targets.length === 0 && pods === null)
      return new Complaint('there is nothing to scrape', 'set `targets` or `pods`', ['targets'])
    const label = Object.keys(labels).find((name) => !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) || name.startsWith('__'))
    if (label !== undefined)
      return new Complaint(`\`${label}\` can't be a label`, 'use letters, digits and `_`', ['labels', label])
    const open = login.type === 'none' ? -1 : targets.findIndex((url) => !isSecure(url))
    return open < 0
      ? null
      : new Complaint('a secret would be sent over plain HTTP', 'write https://', ['targets', open])
  },
})

export type PrometheusScrapeConfig = ConfigOf<typeof prometheusScrapeSchema>
