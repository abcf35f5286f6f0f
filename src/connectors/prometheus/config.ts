import { metricsProblem } from '../../codecs/flow-metrics/settings.ts'
import { Complaint, defineSchema, leastToken, listen, secret, type ConfigOf } from '../../schema/index.ts'
import { flowMetricFields } from '../../schema/flow-metrics.ts'
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
