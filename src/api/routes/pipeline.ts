import type { FastifyInstance } from 'fastify'
import { withoutUrlSecrets } from '../../model/url-text.ts'
import type { Pipeline } from '../../engine/control.ts'
import { Health } from '../../topics/pipeline/schema.ts'
import { answerJson } from '../answer.ts'
import type { ApiContext } from '../options.ts'
import { SinkParameters } from '../../topics/dead-letters/schema.ts'
import { typed } from '../request/typed.ts'
import { ApiError } from '../problems.ts'
import { boolean, integer, list, object, problem, string } from '../openapi/json-schema.ts'

type SourceFeed = NonNullable<Pipeline['sources'][number]['feed']>

const counts = { type: 'object', additionalProperties: integer } as const
const names = list(string)

const moment = { type: 'number', description: 'Unix ms.' } as const

const feed = object(
  {
    records: { ...integer, description: 'Accepted records since the start.' },
    lastRecord: moment,
    connected: boolean,
    reconnects: { ...integer, description: 'Connections that were opened again.' },
    gaps: object(
      {
        count: integer,
        missing: { ...integer, description: 'Missing numbers of all gaps.' },
        last: object({ time: moment, key: string, from: integer, to: integer }),
      },
      { description: 'In sequence numbers. `last`: the first and last missing number.' },
    ),
    poll: object({ last: moment, next: moment, cursor: { ...string, description: 'Position of the next request.' } }),
    refused: { ...counts, description: 'Rejected requests or messages, by reason.' },
    unparsed: { ...counts, description: 'Messages stored as text because their format is unknown, by sender.' },
    targets: object({ known: integer, failing: integer }),
    why: { ...string, description: 'Why no data arrives.' },
  },
  { description: 'State of a source of a feed: websocket, polled API, queue, push or scrape.' },
)

export const pipelineSchemas = {
  Ledger: object(
    {
      balanced: boolean,
      sources: list(
        object({
          name: string,
          accepted: integer,
          duplicates: integer,
          unreadable: integer,
          shed: counts,
        }),
      ),
      sinks: list(
        object({
          name: string,
          state: {
            type: 'string',
            enum: ['orphaned', 'forgotten'],
            description:
              'For a sink that is no longer configured: `orphaned` sinks retain pending rows until they ' +
              'return or are forgotten.',
          },
          from: names,
          filtered: counts,
          routed: integer,
          delivered: integer,
          dead_lettered: integer,
          dropped: counts,
          quarantined: integer,
          pending: integer,
          expired: {
            ...counts,
            description:
              'Of the store: delivered rows that retention removed since, by reason: `age`, `size`, or `disk` if the ' +
              'volume lacked room.',
          },
        }),
      ),
    },
    {
      required: ['balanced', 'sources', 'sinks'],
      description:
        'Balanced: for every sink, accepted rows of its sources = filtered + routed, and routed = delivered + ' +
        'dead_lettered + dropped + quarantined + pending.',
    },
  ),
  Pipeline: object(
    {
      sources: list(
        object({
          name: string,
          type: string,
          addresses: names,
          rate: { type: 'number', description: 'Rows per second.' },
          silentMs: {
            type: 'number',
            description:
              'Since rows were last accepted, or since the start if only earlier runs accepted rows; absent: none.',
          },
          feed,
          error: string,
        }),
      ),
      sinks: list(
        object({
          name: string,
          type: string,
          from: names,
          lagMs: { type: 'number' },
          waitMs: { type: 'number', description: '`delivery.wait`, by which rows may be late.' },
          state: { type: 'string', enum: ['running', 'retrying', 'blocked', 'stopped', 'orphaned'] },
          error: string,
          size: {
            ...object({ bytes: integer, maxBytes: integer }),
            description: 'Of the embedded store: bytes of its files, and the limit.',
          },
        }),
      ),
      journal: object({ bytes: integer, segments: integer, sequence: integer }),
    },
    { required: ['sources', 'sinks', 'journal'] },
  ),
  Health,
  ReloadReport: object({ ok: boolean, changed: names, problems: names }, { required: ['ok', 'changed', 'problems'] }),
} as const

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
    async (request, reply) => answerJson(request, reply, await control.ledger()),
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
      return answerJson(request, reply, { sources: sources.map(shown), sinks: sinks.map(shown), journal })
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
          200: object({ dropped: integer }),
          404: problem,
          409: problem,
        },
      },
    },
    async (request, reply) => {
      const { sink } = request.params
      return answerJson(request, reply, { dropped: await control.forgetSink(sink) })
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
      const report = await control.reload()
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
