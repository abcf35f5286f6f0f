import { maxRules, noDataPolicies, severities, type AlertRule } from '../alerts/rule.ts'
import { known } from '../model/json.ts'
import { choice, duration, group, list, mapping, text, type ConfigDocument } from '../schema/index.ts'
import type { RuleProblem, WrittenRule } from '../alerts/compile.ts'
import type { Path, Problem } from '../schema/problem.ts'
import { problemIn } from './config-filters.ts'

const template = (description: string, example: string) => text({ description, required: true, example })

export const alertRules = mapping(
  group(
    {
      on: choice(['flows', 'changes', 'audit', 'events'], { description: 'The rows to read', default: 'flows' }),
      filter: text({
        description: 'Filter of the rows (see docs/explain/query.md). Unset: every row',
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
    },
    {
      description: 'A rule',
      required: true,
      example: { filter: 'dst.ns = shop', measure: 'bytes/s', condition: '> 10 MB/s' },
    },
  ),
  {
    description: 'Alert rules by name. A firing alert and its resolution are events of the source `alerts`',
    default: {},
    example: { 'much-traffic': { measure: 'bytes/s', condition: '> 10 MB/s' } },
  },
)

const nameShape = /^[a-zA-Z0-9][\w.-]{0,99}$/

/** The query language is loaded only if there are rules. */
export async function compileAlerts(
  rules: Readonly<Record<string, WrittenRule>>,
  document: ConfigDocument,
): Promise<Readonly<{ rules: readonly AlertRule[]; problems: readonly Problem[] }>> {
  const names = Object.keys(rules)
  if (names.length === 0) return { rules: [], problems: [] }
  const { compileRule, isProblem } = await import('../alerts/index.ts')
  const problems: Problem[] = []
  const complain = (path: Path, { message, hint, text = '', from = 0 }: Omit<RuleProblem, 'path'>) =>
    problems.push(problemIn(document, ['alerts', ...path], { message, text, from, ...known({ hint }) }))
  if (names.length > maxRules)
    complain([names[maxRules]!], { message: `there are ${names.length} rules; the limit is ${maxRules}` })
  const compiled: AlertRule[] = []
  for (const [name, written] of Object.entries(rules)) {
    if (!nameShape.test(name))
      complain([name], {
        message: `\`${name}\` can't be the name of a rule`,
        hint: 'use letters, digits, `_`, `.` and `-`',
      })
    const rule = compileRule(name, written)
    if (isProblem(rule)) complain([name, ...rule.path], rule)
    else compiled.push(rule)
  }
  return { rules: compiled, problems }
}
