import { group, list, mapping } from './collections.ts'
import { duration } from './quantities.ts'
import { choice, flag, integer, text } from './scalars.ts'

const metricFilter = group(
  {
    field: text({ description: 'Field of the flow, by any of its names', required: true, example: 'FlowDirection' }),
    type: choice(['equal', 'not_equal', 'presence', 'absence', 'match_regex', 'not_match_regex'], {
      description: 'Test of its value. An absent value passes only the negative ones',
      default: 'equal',
    }),
    value: text(
      { description: 'Value or regular expression; not used by `presence` and `absence`', default: '' },
      { pattern: /[^]*/, expects: 'text' },
    ),
  },
  { description: 'A condition', required: true, example: { field: 'FlowDirection', type: 'not_equal', value: '1' } },
)

const fieldName = text({ description: 'A field', required: true, example: 'SrcK8S_Namespace' })

const customMetric = group(
  {
    name: text({ description: 'Name, without the prefix', required: true, example: 'dns_errors_total' }),
    type: choice(['counter', 'gauge', 'histogram'], { description: 'Type of the metric', default: 'counter' }),
    help: text({
      description: 'Help text. Unset: the name of the field',
      default: null,
      example: 'Failed DNS queries',
    }),
    value: text({
      description: 'Field that is summed, set or observed. Unset: a counter counts flows',
      default: null,
      example: 'DnsLatencyMs',
    }),
    divide: integer({ description: 'Divisor of the value, such as 1000 for ms to s', default: 1 }, { min: 1 }),
    filters: list(metricFilter, { description: 'Conditions, all of which a flow must meet', default: [] }),
    labels: list(fieldName, {
      description: 'Fields that become labels; `NetworkEvents>Name` is a key inside a JSON field',
      default: [],
      example: ['SrcK8S_Namespace', 'DnsFlagsResponseCode'],
    }),
    remap: mapping(text({ description: 'Name of the label', required: true, example: 'namespace' }), {
      description: 'Label names by field, where they differ',
      default: {},
      example: { SrcK8S_Namespace: 'namespace' },
    }),
    flatten: list(fieldName, {
      description:
        'List fields of which each element counts separately. Interfaces, IfDirections and Udns go together; ' +
        'other lists are combined',
      default: [],
      example: ['Interfaces'],
    }),
    buckets: list(
      text(
        { description: 'An upper bound', required: true, example: '0.05' },
        { pattern: /-?(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?/, expects: 'a number in quotes' },
      ),
      { description: 'Upper bounds of a histogram, ascending', default: [], example: ['.005', '.05', '1'] },
    ),
    scaled: flag({
      description: 'Multiply by the sampling interval. Unset: true for counters of bytes and packets',
      default: null,
      example: true,
    }),
  },
  { description: 'A metric', required: true, example: { name: 'dns_errors_total' } },
)

export const flowMetricFields = {
  include: list(text({ description: 'A metric or a set', required: true, example: 'node_ingress_bytes' }), {
    description:
      'Metrics of NetObserv by name, with or without `netobserv_` and `_total`. Sets: `default` is its list ' +
      'without Loki (workloads), `default-with-loki` its list beside Loki (namespaces), `all` everything',
    default: ['default'],
    example: ['default', 'node_egress_packets'],
  }),
  custom: list(customMetric, { description: 'Further metrics', default: [] }),
  prefix: text(
    { description: 'Prefix of all names', default: 'netobserv_' },
    { pattern: /(?:[a-zA-Z_][a-zA-Z0-9_]*)?/, expects: 'letters, digits and `_`' },
  ),
  sampling: choice(['scaled', 'raw', 'both'], {
    description:
      '`scaled`: bytes and packets are multiplied by the sampling interval of their flow. `raw`: as exported. ' +
      '`both`: scaled, and the exported values under `…_raw_total`',
    default: 'scaled',
  }),
  expiry: duration(
    { description: 'Time without flows after which a series is removed', default: '2m' },
    { min: '1s', max: '1d' },
  ),
  max_series: integer(
    {
      description:
        'Maximum series per metric; metrics with the same labels share the limit. Further ones count in one ' +
        'series with the label values `other`, and in `weir_flow_metrics_surplus_samples_total`',
      unit: 'series',
      default: 20_000,
    },
    { min: 1, max: 1_000_000 },
  ),
} as const
