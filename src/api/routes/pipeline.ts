import type { FastifyInstance } from 'fastify'
import { answerJson } from '../answer.ts'
import type { ApiContext } from '../options.ts'
import { ApiError } from '../problems.ts'

const counts = { type: 'object', additionalProperties: { type: 'integer' } } as const
const names = { type: 'array', items: { type: 'string' } } as const

/** Shapes of answers, for the API description. */
export const pipelineSchemas = {
  Ledger: {
    type: 'object', required: ['balanced', 'sources', 'sinks'],
    description: 'Balanced: for every sink, accepted of its sources = filtered + routed, and routed = delivered + dead_lettered + dropped + quarantined + pending.',
    properties: {
      balanced: { type: 'boolean' },
      sources: {
        type: 'array', items: {
          type: 'object', properties: { name: { type: 'string' }, accepted: { type: 'integer' }, duplicates: { type: 'integer' }, unreadable: { type: 'integer' }, shed: counts },
        },
      },
      sinks: {
        type: 'array', items: {
          type: 'object', properties: {
            name: { type: 'string' }, from: names, filtered: counts, routed: { type: 'integer' }, delivered: { type: 'integer' },
            dead_lettered: { type: 'integer' }, dropped: counts, quarantined: { type: 'integer' }, pending: { type: 'integer' },
          },
        },
      },
    },
  },
  Pipeline: {
    type: 'object', required: ['sources', 'sinks', 'journal'],
    properties: {
      sources: {
        type: 'array', items: {
          type: 'object', properties: { name: { type: 'string' }, type: { type: 'string' }, addresses: names, rate: { type: 'number', description: 'Rows per second.' }, error: { type: 'string' } },
        },
      },
      sinks: {
        type: 'array', items: {
          type: 'object', properties: {
            name: { type: 'string' }, type: { type: 'string' }, from: names, lagMs: { type: 'number' },
            state: { type: 'string', enum: ['running', 'retrying', 'blocked', 'stopped'] }, error: { type: 'string' },
          },
        },
      },
      journal: { type: 'object', properties: { bytes: { type: 'integer' }, segments: { type: 'integer' }, sequence: { type: 'integer' } } },
    },
  },
  Health: {
    type: 'object', required: ['live', 'ready', 'draining', 'reasons', 'version'],
    properties: { live: { type: 'boolean' }, ready: { type: 'boolean' }, draining: { type: 'boolean' }, reasons: names, version: { type: 'string' } },
  },
  ReloadReport: {
    type: 'object', required: ['ok', 'changed', 'problems'], properties: { ok: { type: 'boolean' }, changed: names, problems: names },
  },
} as const

export function pipelineRoutes(app: FastifyInstance, { control, version }: ApiContext): void {
  app.get('/api/v1/ledger', {
    schema: { operationId: 'ledger', summary: 'Where every accepted row is now', response: { 200: { $ref: 'Ledger#' } } },
  }, async (request, reply) => answerJson(request, reply, await control.ledger()))

  app.get('/api/v1/pipeline', {
    schema: { operationId: 'pipeline', summary: 'Sources, sinks and the journal between them', response: { 200: { $ref: 'Pipeline#' } } },
  }, async (request, reply) => answerJson(request, reply, await control.pipeline()))

  app.get('/api/v1/health', {
    schema: { operationId: 'health', summary: 'Is it alive and ready', response: { 200: { $ref: 'Health#' }, 503: { $ref: 'Health#' } } },
  }, async (request, reply) => {
    const health = control.health()
    return answerJson(request, reply.code(health.ready ? 200 : 503), { ...health, version })
  })

  app.post('/api/v1/reload', {
    schema: {
      operationId: 'reload', summary: 'Take over the configuration file as it is now',
      description: 'Validates, builds, drains and swaps. When anything is wrong nothing changes and the problems are listed as hints.',
      response: { 200: { $ref: 'ReloadReport#' }, 422: { $ref: 'Problem#' } },
    },
  }, async (request, reply) => {
    const report = await control.reload()
    if (!report.ok) throw new ApiError('WEIR_API_RELOAD', 'The configuration was not taken over; what ran before still runs.', { hints: report.problems })
    return answerJson(request, reply, report)
  })
}
