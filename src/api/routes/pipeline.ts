import type { FastifyInstance } from 'fastify'
import { withoutUrlSecrets } from '../../model/url-text.ts'
import { ForgottenSink, Health, Ledger, Pipeline, ReloadReport } from '../../topics/pipeline/schema.ts'
import { answerJson } from '../answer.ts'
import type { ApiContext } from '../options.ts'
import { SinkParameters } from '../../topics/dead-letters/schema.ts'
import { typed } from '../request/typed.ts'
import { ApiError } from '../problems.ts'
import { problem } from '../openapi/json-schema.ts'

export const pipelineSchemas = { Ledger, Pipeline, Health, ReloadReport } as const

type SourceFeed = NonNullable<Pipeline['sources'][number]['feed']>

const hiddenReason = 'A part of Weir does not work; admins can see which.'

/** URLs may contain credentials. */
function shown<T extends { readonly error?: string; readonly feed?: SourceFeed }>(part: T) {
  const { error, feed: feedProblem } = part
  return {
    ...part,
    ...(error === undefined ? {} : { error: withoutUrlSecrets(error) }),
    ...(feedProblem?.why === undefined ? {} : { feed: { ...feedProblem, why: withoutUrlSecrets(feedProblem.why) } }),
  }
}

export function pipelineRoutes(app: FastifyInstance, { control, version }: ApiContext): void {
  app.get(
    '/api/v1/ledger',
    {
      schema: {
        operationId: 'ledger',
        summary: 'Counts of all accepted rows by outcome',
        response: { 200: { $ref: 'Ledger#' } },
      },
    },
    async (request, reply) => {
      const ledger: Ledger = await control.ledger()
      return answerJson(request, reply, ledger)
    },
  )

  app.get(
    '/api/v1/pipeline',
    {
      schema: {
        operationId: 'pipeline',
        summary: 'Sources, sinks and the journal',
        response: { 200: { $ref: 'Pipeline#' } },
      },
    },
    async (request, reply) => {
      const { sources, sinks, journal } = await control.pipeline()
      const result: Pipeline = { sources: sources.map(shown), sinks: sinks.map(shown), journal }
      return answerJson(request, reply, result)
    },
  )

  app.get(
    '/api/v1/health',
    {
      schema: {
        operationId: 'health',
        summary: 'Liveness and readiness',
        response: { 200: { $ref: 'Health#' }, 503: { $ref: 'Health#' } },
      },
    },
    async (request, reply) => {
      const health = control.health()
      // Reasons name sinks and addresses.
      const limited = request.principal.namespaces !== undefined && !health.draining
      const reasons = limited
        ? health.reasons.slice(0, 1).map(() => hiddenReason)
        : health.reasons.map(withoutUrlSecrets)
      const warnings = limited ? [] : health.warnings.map(withoutUrlSecrets)
      const result: Health = { ...health, reasons, warnings, version }
      return answerJson(request, reply.code(health.ready ? 200 : 503), result)
    },
  )

  pipelineActions(app, control)
}

function pipelineActions(app: FastifyInstance, control: ApiContext['control']): void {
  typed(app).post(
    '/api/v1/sinks/:sink/forget',
    {
      schema: {
        operationId: 'forgetSink',
        summary: 'Drop the pending rows of a removed sink',
        description:
          'Returns the number of dropped rows; the ledger counts them as dropped (`forgotten`). With a ' +
          'journal on a bus: in the partitions that this instance delivers.',
        params: SinkParameters,
        response: {
          200: ForgottenSink,
          404: problem,
          409: problem,
        },
      },
    },
    async (request, reply) => {
      const { sink } = request.params
      const result: ForgottenSink = { dropped: await control.forgetSink(sink) }
      return answerJson(request, reply, result)
    },
  )

  app.post(
    '/api/v1/reload',
    {
      schema: {
        operationId: 'reload',
        summary: 'Reload the configuration file',
        description:
          'Validates, builds, drains and swaps. On any error nothing changes, and the problems are listed as hints.',
        response: { 200: { $ref: 'ReloadReport#' }, 422: problem },
      },
    },
    async (request, reply) => {
      const report: ReloadReport = await control.reload()
      if (!report.ok)
        throw new ApiError(
          'WEIR_API_RELOAD',
          'The new configuration was rejected; the running configuration stays active.',
          {
            hints: report.problems,
          },
        )
      return answerJson(request, reply, report)
    },
  )
}
