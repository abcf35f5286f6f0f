import { choice, defineSchema, duration, group, list, mapping, text, type ConfigOf } from '../schema/index.ts'
import { noDataPolicies, severities, type AlertRule } from './rule.ts'

const template = (description: string, example: string) => text({ description, required: true, example })

const ruleFields = {
  on: choice(['flows', 'changes', 'audit', 'events'], { description: 'The rows to read', default: 'flows' }),
  filter: text({
    description: 'Filter of the rows (see `weir help filters`). Unset: every row',
    default: null,
    example: 'src.ns = shop',
  }),
  measure: text({
    description:
      'The value: `bytes`, `packets`, `flows`, `count`, or `avg`, `min`, `max`, `sum`, `p50`, `p90`, `p95`, ' +
      '`p99` of a numeric field, as `p99(rtt)`; of events also of a JSON pointer, as `avg(/fields/value)`. ' +
      '`/s` divides a sum by the seconds of the window. Unset: `bytes/s` of flows, else `count`',
    default: null,
    example: 'p99(rtt)',
  }),
  by: list(text({ description: 'A field', required: true, example: 'dst_namespace' }), {
    description: 'Fields to group by: each group has its own value and its own alert',
    default: [],
    example: ['dst_namespace'],
  }),
  window: duration(
    { description: 'Rows received in this time before an evaluation', default: '5m' },
    { min: '1s', max: '31d' },
  ),
  condition: text({
    description: 'When the alert is active: `>`, `>=`, `<`, `<=` or `=`, and a number with a unit',
    default: null,
    example: '> 10 MB/s',
  }),
  sql: text({
    description:
      'A read-only statement instead of `filter`: each returned row is one alert, text columns are its labels, ' +
      'and column `value` is the number. Without `condition` every row is active',
    default: null,
    example: 'SELECT src_namespace, count(*) AS value FROM flows GROUP BY 1',
  }),
  every: duration({ description: 'Interval of evaluations', default: '1m' }, { min: '1s', max: '1d' }),
  for: duration(
    { description: 'The condition must hold for this long before the alert fires', default: '0s' },
    { max: '31d' },
  ),
  resend: duration(
    {
      description:
        'Interval at which a firing alert is sent again; its event has `repeated: true`. 0: only once. Unset: ' +
        '`1m` if a sink has `template: alertmanager`, and chat templates skip these repetitions; else only once',
      default: null,
      example: '4m',
    },
    { max: '31d' },
  ),
  no_data: choice(noDataPolicies, {
    description:
      'Without data (no flow was received at all, or no row has the field): `keep` the states, `alert`, or ' +
      'treat it as `ok`',
    default: 'keep',
  }),
  severity: choice(severities, { description: 'Label `severity` of the alerts', default: 'warning' }),
  labels: mapping(template('Value of a label', 'network'), {
    description: 'Further labels; `{{labels.NAME}}` is a label of the group',
    default: {},
    example: { team: 'network' },
  }),
  annotations: mapping(template('A text', '{{value}} from {{labels.src_namespace}}'), {
    description:
      'Texts for readers: `{{value}}` with its unit, `{{number}}`, `{{labels.NAME}}`, `{{rule}}`, ' +
      '`{{severity}}`, `{{condition}}`',
    default: {},
    example: { summary: '{{labels.dst_namespace}} receives {{value}}' },
  }),
}

/** A rule outside of a configuration has the same settings. */
export const ruleSchema = defineSchema({
  type: 'alert rule',
  role: 'setting',
  summary: 'An alert rule',
  fields: ruleFields,
})

/** As in the configuration; times in ms. */
export type WrittenRule = ConfigOf<typeof ruleSchema>

/** As Prometheus does. */
const refreshMs = 60_000

/** `refresh`: a sink is Alertmanager, which forgets alerts. */
export function refreshed(rule: AlertRule, { resend }: WrittenRule, refreshes: 'refresh' | 'once'): AlertRule {
  return resend === null && refreshes === 'refresh' ? { ...rule, resend: refreshMs, refresh: true } : rule
}

export const alertRules = mapping(
  group(ruleFields, {
    description: 'A rule',
    required: true,
    example: { filter: 'dst.ns = shop', measure: 'bytes/s', condition: '> 10 MB/s' },
  }),
  {
    description: 'Alert rules by name. A firing alert and its resolution are events of the source `alerts`',
    default: {},
    example: { 'much-traffic': { measure: 'bytes/s', condition: '> 10 MB/s' } },
  },
)
