/** Rules and silences of users. */
import type { FastifyInstance } from 'fastify'
import {
  AlertRefusal,
  NotEvaluated,
  previewRule,
  valueText,
  type AlertBook,
  type AlertRule,
  type Preview,
} from '../../alerts/index.ts'
import { alertSource } from '../../model/alerts.ts'
import { messageOf } from '../../model/errors.ts'
import { isoOf, type TimeSpan } from '../../query/plan/index.ts'
import {
  AlertPreview,
  AlertSilence,
  AlertTestParameters,
  Deleted,
  DeleteAlertQuery,
  PreviewRequest,
  PutAlert,
  SavedAlert,
  SentTest,
  SilenceParameters,
  SilenceRequest,
} from '../../topics/alerts/schema.ts'
import { moment, span } from '../../topics/time-span.ts'
import { answerJson } from '../answer.ts'
import { problem, refusals } from '../openapi/json-schema.ts'
import type { ApiContext, ApiOptions } from '../options.ts'
import { ApiError } from '../problems.ts'
import { typed } from '../request/typed.ts'
import { abortOnDisconnect, requireStore } from '../store-query.ts'
import { silenceView } from './alert-silence.ts'
import { unknownRule } from './alerts.ts'

export const alertRuleSchemas = { AlertPreview, AlertSilence, SavedAlert, SentTest } as const

const faults = { 400: problem, 403: problem, 404: problem, 503: problem } as const

const putSchema = {
  operationId: 'putAlert',
  summary: 'Create or change an alert rule',
  description:
    'The rule is on disk before the response, and is evaluated from then on. Rules of the configuration cannot be ' +
    'changed here.',
  params: AlertTestParameters,
  body: PutAlert,
  response: { 200: { $ref: 'SavedAlert#' }, ...faults, 409: problem, 429: problem },
} as const

const deleteSchema = {
  operationId: 'deleteAlert',
  summary: 'Delete an alert rule',
  description: 'Its firing alerts are resolved, and its silences end.',
  params: AlertTestParameters,
  querystring: DeleteAlertQuery,
  response: { 200: Deleted, ...faults, 409: problem },
} as const

const silenceSchema = {
  operationId: 'silenceAlert',
  summary: 'Silence alerts of a rule',
  description:
    'Alerts that begin to fire are listed, counted and stored, and are not sent. One that still fires at the end is ' +
    'sent then. The resolution of an alert that was sent before is sent.',
  params: AlertTestParameters,
  body: SilenceRequest,
  response: { 200: { $ref: 'AlertSilence#' }, ...faults, 429: problem },
} as const

const endSchema = {
  operationId: 'endAlertSilence',
  summary: 'End a silence',
  params: SilenceParameters,
  response: { 200: Deleted, ...faults },
} as const

const sendSchema = {
  operationId: 'sendAlertTest',
  summary: 'Send a test alert',
  description: 'A firing alert with the label `test` to the sinks of alerts. States do not change.',
  params: AlertTestParameters,
  response: { 200: { $ref: 'SentTest#' }, 404: problem, 422: problem, 503: problem },
} as const

const previewSchema = {
  operationId: 'previewAlert',
  summary: 'When a rule would have fired',
  description: 'Evaluates a rule with a filter over stored rows. Without a condition, only its values.',
  body: PreviewRequest,
  response: { 200: { $ref: 'AlertPreview#' }, ...refusals, 403: problem },
} as const

export function alertRuleRoutes(
  app: FastifyInstance,
  context: ApiContext,
  { alerts, alertBook }: Pick<ApiOptions, 'alerts' | 'alertBook'>,
): void {
  const routes = typed(app)
  const { clock } = context.host
  const book = (): AlertBook => {
    if (alertBook === undefined) throw new ApiError('WEIR_API_ALERT_RULES', 'This server stores no alert rules.')
    return alertBook
  }
  const need = async (name: string) => {
    const { rules } = await book().known()
    if (!rules.some((rule) => rule.name === name))
      throw unknownRule(
        name,
        rules.map((rule) => rule.name),
      )
  }
  routes.put('/api/v1/alerts/:name', { schema: putSchema }, async (request, reply) => {
    const { name } = request.params
    const { settings, before } = request.body
    const rule = await asApi(book().put({ name, settings: withoutNull(settings), before, by: request.principal.name }))
    return answerJson(request, reply, { name, changed: new Date(rule.changed).toISOString() })
  })
  routes.delete('/api/v1/alerts/:name', { schema: deleteSchema }, async (request, reply) => {
    await asApi(book().remove(request.params.name, request.query.before))
    return answerJson(request, reply, { deleted: request.params.name })
  })
  routes.post('/api/v1/alerts/:name/silences', { schema: silenceSchema }, async (request, reply) => {
    const { name } = request.params
    await need(name)
    const { until, reason, labels = {} } = request.body
    const end = Number(moment(until, 'until', clock.now()) / 1000n)
    const begun = book().silence({ rule: name, labels, until: end, reason, by: request.principal.name })
    return answerJson(request, reply, silenceView(await asApi(begun)))
  })
  routes.delete('/api/v1/alerts/:name/silences/:id', { schema: endSchema }, async (request, reply) => {
    const { name, id } = request.params
    await asApi(book().endSilence(name, id))
    return answerJson(request, reply, { deleted: id })
  })
  routes.post('/api/v1/alerts/:name/send-test', { schema: sendSchema }, async (request, reply) => {
    const { name } = request.params
    const running = alerts?.()
    const sent = await running?.notify(name, request.principal.name).catch((error: unknown) => {
      throw new ApiError('WEIR_API_ALERT', `The test of rule ${name} was not sent: ${messageOf(error)}`)
    })
    if (sent !== true) throw unknownRule(name, running?.list().map(({ rule }) => rule.name) ?? [])
    const { sinks } = await context.control.ledger()
    const reading = sinks.filter(
      ({ name: sink, from, state }) => sink !== storeSink && state === undefined && from.includes(alertSource),
    )
    return answerJson(request, reply, { name, sinks: reading.map((sink) => sink.name) } satisfies SentTest)
  })
  routes.post('/api/v1/alerts/preview', { schema: previewSchema }, async (request, reply) => {
    const { settings, from = 'now-24h', to = 'now' } = request.body
    const signal = abortOnDisconnect(reply)
    const range = span({ from, to }, clock.now())
    const written = withoutNull(settings)
    const hasCondition = typeof written['condition'] === 'string'
    const { rule } = await asApi(book().compile('preview', hasCondition ? written : { ...written, condition: never }))
    const [first, last] = [Number(range.from / 1000n), Number(range.to / 1000n)]
    try {
      const preview = await previewRule(rule, requireStore(context), { from: first, to: last }, signal)
      return answerJson(request, reply, previewView({ rule, preview, range, hasCondition }))
    } catch (error) {
      if (signal.aborted) return reply.hijack()
      throw error instanceof NotEvaluated ? new ApiError('WEIR_API_ALERT', error.message) : error
    }
  })
}

/** The ledger has the store as a sink. */
const storeSink = 'store'
/** Values are previewed before users know a condition. */
const never = '> 1e60'
const shownFirings = 200

type Previewed = Readonly<{ rule: AlertRule; preview: Preview; range: TimeSpan; hasCondition: boolean }>

function previewView({ rule, preview, range, hasCondition }: Previewed): AlertPreview {
  const { unit, perSecond, operator, threshold } =
    rule.is === 'sql' ? { unit: '', perSecond: false, operator: '>', threshold: null } : { ...rule, ...rule.condition }
  const textOf = (value: number | null) => valueText(value, { unit, perSecond })
  const values = preview.values.flatMap(({ value }) => (value === null ? [] : [value]))
  const peak =
    values.length === 0 ? null : values.reduce((a, b) => (operator.startsWith('<') ? Math.min(a, b) : Math.max(a, b)))
  return {
    span: { from: isoOf(range.from), to: isoOf(range.to) },
    step_seconds: preview.step / 1000,
    evaluations: preview.evaluations,
    firings: preview.firings.length,
    first: preview.firings.slice(0, shownFirings).map(({ labels, from, to, value }) => ({
      labels: Object.fromEntries(
        Object.entries(labels).filter(([name]) => name !== 'alertname' && name !== 'severity'),
      ),
      from: new Date(from).toISOString(),
      to: to === undefined ? null : new Date(to).toISOString(),
      value,
      value_text: textOf(value),
    })),
    unit,
    per_second: perSecond,
    threshold: hasCondition ? threshold : null,
    peak,
    peak_text: textOf(peak),
    values: preview.values.map(({ at, value }) => ({ time: Math.floor(at / 1000), value })),
  }
}

/** Null is the default. */
function withoutNull(settings: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null))
}

async function asApi<Value>(answer: Promise<Value>): Promise<Value> {
  try {
    return await answer
  } catch (error) {
    throw error instanceof AlertRefusal ? new ApiError(error.code, error.message, { hints: error.hints }) : error
  }
}
