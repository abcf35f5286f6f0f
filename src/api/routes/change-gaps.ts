import type { FastifyInstance } from 'fastify'
import { kubernetesTypes } from '../../model/kubernetes.ts'
import { isoOf } from '../../query/plan/index.ts'
import { dialectOf } from '../../query/index.ts'
import { answerJson } from '../answer.ts'
import { abortOnDisconnect, rowsOf, requireStore } from '../store-query.ts'
import { among } from '../../topics/conditions.ts'
import { placeParameters } from '../../topics/place.ts'
import { span } from '../../topics/time-span.ts'
import type { ApiContext } from '../options.ts'
import { changeParameters } from '../change-conditions.ts'
import { closed, integer, list, object, refusals, string } from '../json-schema.ts'

const max = 100

export const changeGapSchemas = {
  ChangeGaps: object(
    {
      span: object({ from: string, to: string }),
      total: integer,
      gaps: list(
        object({
          time: { type: 'string', description: 'Time at which the difference was found; it was then repaired.' },
          since: {
            type: ['string', 'null'],
            description: 'Last time at which the known state was verified; null: unknown.',
          },
          cluster: string,
          group: string,
          resource: { type: 'string', description: 'Plural form, as in API paths.' },
          missing: { type: 'integer', description: 'Objects that existed but were unknown.' },
          stale: { type: 'integer', description: 'Objects known in an older state.' },
          extra: { type: 'integer', description: 'Known objects that no longer existed.' },
          cause: string,
          pos: string,
        }),
        { description: `The newest ${max}, newest first.` },
      ),
    },
    { required: ['span', 'gaps', 'total'] },
  ),
} as const

const schema = {
  operationId: 'changeGaps',
  summary: 'Differences between the watch and a comparison with the cluster',
  description: 'Gaps that overlap the time range. Changes within a gap may be missing, late or combined.',
  querystring: closed({ cluster: placeParameters.cluster, from: changeParameters.from, to: changeParameters.to }),
  response: { 200: { $ref: 'ChangeGaps#' }, ...refusals },
} as const

export function changeGapRoutes(app: FastifyInstance, context: ApiContext): void {
  app.get('/api/v1/changes/gaps', { schema }, async (request, reply) => {
    const { cluster, from = 'now-24h', to = 'now' } = request.query as { cluster?: string; from?: string; to?: string }
    const range = span({ from, to }, context.host.clock.now())
    const store = requireStore(context)
    const { identifier, integerOf, jsonText, text, time, timeOf } = dialectOf(store)
    const dataField = (name: string) => `${jsonText('data', [name])} AS ${identifier(name)}`
    const count = (name: string) => `coalesce(${integerOf(jsonText('data', [name]))}, 0) AS ${name}`
    const gapEvents =
      `SELECT time, ${timeOf(jsonText('data', ['from']))} AS since, ` +
      `${['cluster', 'group', 'resource', 'cause'].map(dataField).join(', ')}, ` +
      `${['missing', 'stale', 'extra'].map(count).join(', ')}, _pos AS pos ` +
      `FROM events WHERE type = ${text(kubernetesTypes.gap)} AND time >= ${time(range.from)}`
    const reaching = [`coalesce(since, time) < ${time(range.to)}`, ...among(dialectOf(store), 'cluster', cluster)].join(
      ' AND ',
    )
    const rows = await rowsOf(
      store,
      `SELECT *, count(*) OVER () AS total FROM (${gapEvents}) WHERE ${reaching} ORDER BY time DESC, pos ` +
        `DESC LIMIT ${max}`,
      abortOnDisconnect(reply),
    )
    if (rows === undefined) return reply.hijack()
    return answerJson(request, reply, {
      span: { from: isoOf(range.from), to: isoOf(range.to) },
      total: Number(rows[0]?.['total'] ?? 0),
      gaps: rows.map(({ total: _total, ...gap }) => gap),
    })
  })
}
