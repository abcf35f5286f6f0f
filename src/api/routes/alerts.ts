import type { FastifyInstance } from 'fastify'
import { valueText, viewOf, type AlertRule, type AlertView, type Instance, type Sample } from '../../alerts/index.ts'
import { alertSource } from '../../model/alerts.ts'
import { messageOf } from '../../model/errors.ts'
import { withoutUndefined } from '../../model/json.ts'
import { nearest } from '../../schema/suggest.ts'
import { mayReadAlert } from '../access/alert-scope.ts'
import type { Principal } from '../access/principal.ts'
import { answerJson } from '../answer.ts'
import { integer, list, object, problem, string } from '../json-schema.ts'
import type { ApiContext } from '../options.ts'
import { ApiError } from '../problems.ts'

const texts = { type: 'object', additionalProperties: string } as const
const number = { type: ['number', 'null'], description: 'Null: there is no value.' } as const

const alertProperties = {
  state: { type: 'string', enum: ['pending', 'firing'] },
  labels: texts,
  annotations: texts,
  value: number,
  value_text: { type: 'string', description: 'The value with its unit.' },
  active_at: { type: 'string', description: 'Since when the condition holds.' },
  starts_at: { type: 'string', description: 'Since when it fires.' },
  view: { type: 'string', description: 'Path of the console that shows the rows.' },
} as const

const ruleProperties = {
  name: string,
  on: { type: 'string', enum: ['flows', 'changes', 'audit', 'events', 'sql'] },
  state: {
    type: 'string',
    enum: ['unknown', 'failing', 'no_data', 'firing', 'pending', 'inactive'],
    description:
      '`unknown`: not evaluated yet. `failing`: the last evaluation failed, and its alerts keep their states. ' +
      '`no_data`: nothing was received in the window.',
  },
  severity: string,
  condition: string,
  every_seconds: { type: 'number' },
  for_seconds: { type: 'number' },
  evaluated_at: string,
  took_ms: { type: 'number', description: 'Duration of the last evaluation.' },
  error: { type: 'string', description: 'Why the last evaluation failed.' },
  failing_since: string,
  alerts: list(object(alertProperties, { required: ['state', 'labels', 'value', 'active_at', 'view'] })),
} as const

export const alertSchemas = {
  Alerts: object(
    {
      rules: list(object(ruleProperties, { required: ['name', 'on', 'state', 'severity', 'alerts'] })),
      firing: integer,
      pending: integer,
      evaluated_by: { type: 'string', description: 'With a shared journal: the instance that evaluates the rules.' },
    },
    { required: ['rules', 'firing', 'pending'] },
  ),
  AlertTest: object(
    {
      name: string,
      no_data: { type: 'boolean' },
      rows: list(
        object({
          labels: texts,
          annotations: texts,
          value: number,
          met: { type: 'boolean', description: 'Whether the condition holds; absent without a value.' },
        }),
      ),
    },
    { required: ['name', 'no_data', 'rows'] },
  ),
} as const

export function alertRoutes(
  app: FastifyInstance,
  { host: { clock } }: ApiContext,
  alerts?: () => AlertView | undefined,
) {
  app.get(
    '/api/v1/alerts',
    {
      schema: {
        operationId: 'alerts',
        summary: 'Alert rules with their states',
        description: `Firings and resolutions are also events of the source \`${alertSource}\`.`,
        response: { 200: { $ref: 'Alerts#' } },
      },
    },
    (request, reply) => {
      const rules = (alerts?.()?.list() ?? []).flatMap((rule) => ruleView(rule, request.principal, clock.now()))
      const count = (state: Instance['state']) =>
        rules.reduce((sum, rule) => sum + rule.alerts.filter((alert) => alert.state === state).length, 0)
      const answer: AlertList = {
        rules,
        firing: count('firing'),
        pending: count('pending'),
        ...withoutUndefined({ evaluated_by: alerts?.()?.evaluator }),
      }
      return answerJson(request, reply, answer)
    },
  )

  app.post(
    '/api/v1/alerts/:name/test',
    {
      schema: {
        operationId: 'testAlert',
        summary: 'Evaluate an alert rule now',
        description: 'Returns the rows and whether the condition holds. States do not change.',
        params: object({ name: { type: 'string', minLength: 1 } }, { required: ['name'] }),
        response: { 200: { $ref: 'AlertTest#' }, 404: problem, 422: problem },
      },
    },
    async (request, reply) => {
      const { name } = request.params as { name: string }
      const running = alerts?.()
      const outcome = await running?.test(name).catch((error: unknown) => {
        throw new ApiError('WEIR_API_ALERT', `Rule ${name} cannot be evaluated: ${messageOf(error)}`)
      })
      if (outcome === undefined) throw unknownRule(name, running?.list().map(({ rule }) => rule.name) ?? [])
      const samples = outcome.is === 'samples' ? outcome.samples : [outcome.sample]
      return answerJson(request, reply, { name, no_data: outcome.is === 'no data', rows: samples.map(sampleView) })
    },
  )
}

function unknownRule(name: string, names: readonly string[]): ApiError {
  const meant = nearest(name, names)
  return new ApiError('WEIR_API_NOT_FOUND', `There is no alert rule ${name}.`, {
    hints: [meant === undefined ? `Rules: ${names.join(', ') || 'none'}.` : `Did you mean ${meant}?`],
  })
}

function sampleView({ labels, annotations, value, met }: Sample) {
  return { labels, annotations, value, ...withoutUndefined({ met }) }
}

export type AlertList = Readonly<{
  rules: readonly Readonly<{
    name: string
    on: string
    state: 'unknown' | 'failing' | 'no_data' | 'firing' | 'pending' | 'inactive'
    severity: string
    condition: string
    every_seconds: number
    for_seconds: number
    evaluated_at?: string
    took_ms?: number
    error?: string
    failing_since?: string
    alerts: readonly ReturnType<typeof instanceView>[]
  }>[]
  firing: number
  pending: number
  evaluated_by?: string
}>

type Listed = ReturnType<AlertView['list']>[number]

function ruleView({ rule, instances, last, failing }: Listed, principal: Principal, now: number): AlertList['rules'] {
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
        .map((instance) => instanceView(rule, instance, last?.at ?? now)),
    },
  ]
}

function stateOf(
  instances: readonly Instance[],
  last: Listed['last'],
  failing: number | undefined,
): AlertList['rules'][number]['state'] {
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
