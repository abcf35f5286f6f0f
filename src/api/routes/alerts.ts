import type { FastifyInstance } from 'fastify'
import {
  silenceOf,
  valueText,
  viewOf,
  type AlertRule,
  type AlertView,
  type FilterRule,
  type Instance,
  type KnownRule,
  type Sample,
  type Silence,
} from '../../alerts/index.ts'
import { alertSource } from '../../model/alerts.ts'
import { messageOf } from '../../model/errors.ts'
import { withoutUndefined } from '../../model/json.ts'
import { nearest } from '../../schema/suggest.ts'
import { alertHistory, sortedTexts } from '../../topics/alerts/history.ts'
import {
  Alerts,
  AlertTest,
  AlertTestParameters,
  type AlertHistory,
  type AlertSettings,
} from '../../topics/alerts/schema.ts'
import { mayReadAlert } from '../access/alert-scope.ts'
import type { Principal } from '../access/principal.ts'
import { answerJson } from '../answer.ts'
import { problem } from '../openapi/json-schema.ts'
import type { ApiContext, ApiOptions } from '../options.ts'
import { ApiError } from '../problems.ts'
import { typed } from '../request/typed.ts'
import { serveWith } from '../serve.ts'
import { requireStore } from '../store-query.ts'
import { silenceView } from './alert-silence.ts'

export const alertSchemas = { Alerts, AlertTest, AlertHistory: alertHistory.result } as const

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
  context: ApiContext,
  { alerts, alertBook }: Pick<ApiOptions, 'alerts' | 'alertBook'>,
): void {
  const { clock } = context.host
  const routes = typed(app)
  routes.get('/api/v1/alerts', { schema: listSchema }, async (request, reply) => {
    const { principal } = request
    const { rules: written, problem: unreadable } = (await alertBook?.known()) ?? { rules: [] }
    const running = alerts?.()?.list() ?? []
    const silences = alertBook?.silences() ?? []
    const rules = running.flatMap((rule) =>
      ruleView(rule, {
        principal,
        silences,
        now: clock.now(),
        listing: written.find(({ name }) => name === rule.rule.name),
      }),
    )
    const names = new Set(running.map(({ rule }) => rule.name))
    const idle =
      principal.namespaces === undefined
        ? written.filter(({ name, problem }) => problem !== undefined || !names.has(name))
        : []
    const shown = running.filter(({ rule }) => rules.some(({ name }) => name === rule.name))
    const count = (isCounted: (alert: Alerts['rules'][number]['alerts'][number]) => boolean) =>
      rules.reduce((sum, rule) => sum + rule.alerts.filter(isCounted).length, 0)
    const listed: Alerts = {
      rules: [...rules, ...idle.map(idleView)],
      firing: count(({ state }) => state === 'firing'),
      pending: count(({ state }) => state === 'pending'),
      silenced: count(({ state, silenced_until: until }) => state === 'firing' && until !== undefined),
      silences: silences
        .filter(
          ({ rule, labels }) =>
            principal.namespaces === undefined ||
            shown.some((seen) => seen.rule.name === rule && mayReadAlert(principal, seen.rule, labels)),
        )
        .map(silenceView),
      ...withoutUndefined({ evaluated_by: alerts?.()?.evaluator, problem: unreadable }),
    }
    return answerJson(request, reply, listed)
  })
  serveWith(app, '/api/v1/alerts/history', alertHistory, ({ principal }, signal) => {
    const running = alerts?.()?.list() ?? []
    const rules = new Map(running.map(({ rule }) => [rule.name, rule]))
    return {
      store: requireStore(context),
      now: clock.now(),
      viewer: principal,
      signal,
      current: running.flatMap(firingView),
      showsCauses: principal.namespaces === undefined,
      mayRead: (name: string, labels: Readonly<Record<string, string>>) => {
        if (principal.namespaces === undefined) return true
        const rule = rules.get(name)
        return rule !== undefined && mayReadAlert(principal, rule, labels)
      },
    }
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

export function unknownRule(name: string, names: readonly string[]): ApiError {
  const meant = nearest(name, names)
  return new ApiError('WEIR_API_NOT_FOUND', `There is no alert rule ${name}.`, {
    hints: [meant === undefined ? `Rules: ${names.join(', ') || 'none'}.` : `Did you mean ${meant}?`],
  })
}

function sampleView({ labels, annotations, value, met }: Sample): AlertTest['rows'][number] {
  return { labels, annotations, value, ...withoutUndefined({ met }) }
}

type Listed = ReturnType<AlertView['list']>[number]

type Seen = Readonly<{
  principal: Principal
  listing: KnownRule | undefined
  silences: readonly Silence[]
  now: number
}>

function ruleView(
  { rule, instances, last, failing }: Listed,
  { principal, listing, silences, now }: Seen,
): Alerts['rules'] {
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
      ...(isVisible && rule.is === 'filter' ? filterView(rule) : {}),
      ...(listing !== undefined && principal.namespaces === undefined ? originView(listing) : {}),
      every_seconds: rule.every / 1000,
      for_seconds: rule.for / 1000,
      ...(last === undefined ? {} : { evaluated_at: iso(last.at), took_ms: Math.round(last.tookMs) }),
      ...(last?.error === undefined ? {} : { error: isVisible ? last.error : 'The evaluation failed.' }),
      ...(failing === undefined ? {} : { failing_since: iso(failing) }),
      alerts: visible
        .toSorted((a, b) => (a.state === b.state ? a.active - b.active : a.state === 'firing' ? -1 : 1))
        .map((instance) => ({
          ...instanceView(rule, instance, last?.at ?? now),
          ...silencedView(silenceOf(silences, rule.name, instance.labels, now)),
          // It can be of another namespace.
          ...(principal.namespaces === undefined ? withoutUndefined({ cause: instance.cause }) : {}),
        })),
    },
  ]
}

function firingView({ rule, instances }: Listed): AlertHistory['alerts'] {
  return [...instances.values()].flatMap(({ labels, fired, value, unsent }) =>
    fired === undefined
      ? []
      : [
          {
            rule: rule.name,
            labels: sortedTexts(labels),
            severity: rule.severity,
            condition: rule.conditionText,
            value,
            starts_at: iso(fired),
            ends_at: null,
            silenced: unsent === true,
            view: viewOf(rule, labels, fired),
          },
        ],
  )
}

function filterView({ measure, filterText, by }: FilterRule) {
  return { measure, filter: filterText, by: by.map(({ name }) => name) }
}

function originView({ settings, origin }: KnownRule): Pick<Alerts['rules'][number], 'origin' | 'settings'> {
  return {
    origin: origin.is === 'file' ? origin : { ...origin, changed: iso(origin.changed) },
    settings: settings as AlertSettings,
  }
}

/** View of a rule that is not evaluated, or that starts. */
function idleView(listing: KnownRule): Alerts['rules'][number] {
  const { on, condition, severity } = listing.settings
  return {
    name: listing.name,
    on: listing.settings['sql'] !== undefined ? 'sql' : (viewNames.find((name) => name === on) ?? 'flows'),
    state: listing.problem === undefined ? 'unknown' : 'failing',
    severity: typeof severity === 'string' ? severity : 'warning',
    condition: typeof condition === 'string' ? condition : '',
    ...originView(listing),
    every_seconds: 0,
    for_seconds: 0,
    ...withoutUndefined({ error: listing.problem }),
    alerts: [],
  }
}

const viewNames = ['flows', 'changes', 'audit', 'events'] as const

function silencedView(silence: Silence | undefined) {
  return silence === undefined ? {} : { silenced_until: iso(silence.until) }
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
    value_text: valueText(value, rule.is === 'sql' ? { unit: '', perSecond: false } : rule),
    active_at: iso(active),
    ...(fired === undefined ? {} : { starts_at: iso(fired) }),
    view: viewOf(rule, labels, at),
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
