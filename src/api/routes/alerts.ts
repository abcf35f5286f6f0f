import type { FastifyInstance } from 'fastify'
import { valueText, viewOf, type AlertRule, type AlertView, type Instance, type Sample } from '../../alerts/index.ts'
import { alertSource } from '../../model/alerts.ts'
import { messageOf } from '../../model/errors.ts'
import { withoutUndefined } from '../../model/json.ts'
import { nearest } from '../../schema/suggest.ts'
import { Alerts, AlertTest, AlertTestParameters } from '../../topics/alerts/schema.ts'
import { mayReadAlert } from '../access/alert-scope.ts'
import type { Principal } from '../access/principal.ts'
import { answerJson } from '../answer.ts'
import { problem } from '../openapi/json-schema.ts'
import type { ApiContext } from '../options.ts'
import { ApiError } from '../problems.ts'
import { typed } from '../request/typed.ts'

export const alertSchemas = { Alerts, AlertTest } as const

const listSchema = {
  operationId: 'alerts',
  summary: 'Alert rules with their states',
  description: `Firings and resolutions are also events of the source \`${alertSource}\`.`,
  response: { 200: { $ref: 'Alerts#' } },
} as const

const testSchema = {
  operationId: 'testAlert',
  summary: 'Evaluate an alert rule now',
  description: 'Returns the rows and whether the condition holds. States do not change.',
  params: AlertTestParameters,
  response: { 200: { $ref: 'AlertTest#' }, 404: problem, 422: problem },
} as const

export function alertRoutes(
  app: FastifyInstance,
  { host: { clock } }: ApiContext,
  alerts?: () => AlertView | undefined,
) {
  const routes = typed(app)
  routes.get('/api/v1/alerts', { schema: listSchema }, (request, reply) => {
    const rules = (alerts?.()?.list() ?? []).flatMap((rule) => ruleView(rule, request.principal, clock.now()))
    const count = (state: Instance['state']) =>
      rules.reduce((sum, rule) => sum + rule.alerts.filter((alert) => alert.state === state).length, 0)
    const listed: Alerts = {
      rules,
      firing: count('firing'),
      pending: count('pending'),
      ...withoutUndefined({ evaluated_by: alerts?.()?.evaluator }),
    }
    return answerJson(request, reply, listed)
  })
  routes.post('/api/v1/alerts/:name/test', { schema: testSchema }, async (request, reply) => {
    const { name } = request.params
    const running = alerts?.()
    const outcome = await running?.test(name).catch((error: unknown) => {
      throw new ApiError('WEIR_API_ALERT', `Rule ${name} cannot be evaluated: ${messageOf(error)}`)
    })
    if (outcome === undefined) throw unknownRule(name, running?.list().map(({ rule }) => rule.name) ?? [])
    const samples = outcome.is === 'samples' ? outcome.samples : [outcome.sample]
    const tested: AlertTest = { name, no_data: outcome.is === 'no data', rows: samples.map(sampleView) }
    return answerJson(request, reply, tested)
  })
}

function unknownRule(name: string, names: readonly string[]): ApiError {
  const meant = nearest(name, names)
  return new ApiError('WEIR_API_NOT_FOUND', `There is no alert rule ${name}.`, {
    hints: [meant === undefined ? `Rules: ${names.join(', ') || 'none'}.` : `Did you mean ${meant}?`],
  })
}

function sampleView({ labels, annotations, value, met }: Sample): AlertTest['rows'][number] {
  return { labels, annotations, value, ...withoutUndefined({ met }) }
}

type Listed = ReturnType<AlertView['list']>[number]

function ruleView({ rule, instances, last, failing }: Listed, principal: Principal, now: number): Alerts['rules'] {
  const all = [...instances.values()]
  const visible = all.filter(({ labels }) => mayReadAlert(principal, rule, labels))
  const isVisible = mayReadAlert(principal, rule, {})
  if (!isVisible && visible.length === 0) return []
  return [
    {
      name: rule.name,
      on: rule.is === 'sql' ? 'sql' : rule.view,
      state: stateOf(visible, last, failing),
      severity: rule.severity,
      condition: rule.conditionText,
      every_seconds: rule.every / 1000,
      for_seconds: rule.for / 1000,
      ...(last === undefined ? {} : { evaluated_at: iso(last.at), took_ms: Math.round(last.tookMs) }),
      ...(last?.error === undefined ? {} : { error: isVisible ? last.error : 'The evaluation failed.' }),
      ...(failing === undefined ? {} : { failing_since: iso(failing) }),
      alerts: visible
        .toSorted((a, b) => (a.state === b.state ? a.active - b.active : a.state === 'firing' ? -1 : 1))
        .map((instance) => ({
          ...instanceView(rule, instance, last?.at ?? now),
          // It can be of another namespace.
          ...(principal.namespaces === undefined ? withoutUndefined({ cause: instance.cause }) : {}),
        })),
    },
  ]
}

function stateOf(
  instances: readonly Instance[],
  last: Listed['last'],
  failing: number | undefined,
): Alerts['rules'][number]['state'] {
  if (failing !== undefined) return 'failing'
  if (instances.some(({ state }) => state === 'firing')) return 'firing'
  if (last === undefined) return 'unknown'
  if (last.noData === true) return 'no_data'
  return instances.length > 0 ? 'pending' : 'inactive'
}

function instanceView(rule: AlertRule, { state, labels, annotations, value, active, fired }: Instance, at: number) {
  return {
    state,
    labels,
    annotations,
    value,
    value_text: rule.is === 'sql' ? valueText(value, '', false) : valueText(value, rule.unit, rule.perSecond),
    active_at: iso(active),
    ...(fired === undefined ? {} : { starts_at: iso(fired) }),
    view: viewOf(rule, labels, at),
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
