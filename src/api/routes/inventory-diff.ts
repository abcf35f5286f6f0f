import type { FastifyInstance } from 'fastify'
import { dialectOf } from '../../query/index.ts'
import { isoOf } from '../../query/plan/index.ts'
import { answerJson } from '../answer.ts'
import { createdSql, differencesOf, differenceKinds, differingSql, maxCompared } from '../inventory-diff.ts'
import type { DifferingRow } from '../inventory-diff.ts'
import { inventoryFacets } from '../inventory-facets.ts'
import { boolean, closed, integer, list, nullable, object, refusals, string } from '../json-schema.ts'
import { among } from '../../topics/conditions.ts'
import { moment } from '../../topics/time-span.ts'
import type { ApiContext } from '../options.ts'
import { ApiError } from '../problems.ts'
import { abortOnDisconnect, requireStore, rowsOf } from '../store-query.ts'
import { conditionsOf, selection, type InventoryQuery } from './inventory.ts'

export const inventoryDiffSchemas = {
  InventoryDiff: object(
    {
      from: string,
      to: string,
      counts: object(Object.fromEntries(differenceKinds.map((kind) => [kind, integer])), {
        description: 'Of all matching resources.',
      }),
      more: { ...boolean, description: 'Whether `resources` has fewer than all.' },
      resources: list(
        object({
          kind: {
            type: 'string',
            enum: differenceKinds,
            description: '`found`: first listed between the times, and its creation is not known.',
          },
          ref: string,
          ...Object.fromEntries(
            ['provider', 'account', 'region', 'type', 'id', 'name', 'state'].map((name) => [name, string]),
          ),
          finding: nullable,
          changes: list(object({ path: string, from: {}, to: {} }), { description: 'Path, old and new value.' }),
        }),
        { description: 'With the values of the later time; of deleted ones the last. Sorted as the list.' },
      ),
    },
    { required: ['from', 'to', 'counts', 'more', 'resources'] },
  ),
} as const

const { at: _, ...places } = selection
const time = { type: 'string', maxLength: 64 } as const

const diffSchema = {
  operationId: 'inventoryDiff',
  summary: 'Resources that were created, deleted or changed between two times',
  description: 'A resource counts if it matches at one of the times. The fields are those of `weir.cloud.changed`.',
  querystring: closed(
    {
      ...places,
      from: { ...time, description: 'Earlier time: `now-1d`, ISO 8601, or Unix milliseconds.', examples: ['now-1d'] },
      to: { ...time, default: 'now', description: 'Later time.' },
      limit: { type: 'integer', minimum: 1, maximum: 10_000, default: 1000, description: 'Maximum resources.' },
    },
    { required: ['from'] },
  ),
  response: { 200: { $ref: 'InventoryDiff#' }, ...refusals },
} as const

type Query = InventoryQuery & Readonly<{ from: string; to?: string }>

export function inventoryDiffRoutes(app: FastifyInstance, context: ApiContext): void {
  app.get('/api/v1/inventory/diff', { schema: diffSchema }, async (request, reply) => {
    const query = request.query as Query
    const now = context.host.clock.now()
    const times = { from: moment(query.from, 'from', now), to: moment(query.to ?? 'now', 'to', now) }
    if (times.from >= times.to)
      throw new ApiError(
        'WEIR_API_INVALID',
        `\`from\` (${isoOf(times.from)}) must be before \`to\` (${isoOf(times.to)}).`,
      )
    const [store, disconnected] = [requireStore(context), abortOnDisconnect(reply)]
    const dialect = dialectOf(store)
    const conditions = [
      ...inventoryFacets.flatMap((name) => among(dialect, name, query[name])),
      ...conditionsOf(query, dialect),
    ]
    const [rows, created] = await Promise.all([
      rowsOf(store, differingSql(times, conditions, dialect), disconnected),
      rowsOf(store, createdSql(times, dialect), disconnected),
    ])
    if (rows === undefined || created === undefined || disconnected.aborted) return reply.hijack()
    if (rows.length > maxCompared)
      throw new ApiError('WEIR_API_INVALID', `More than ${maxCompared} states differ between the times.`, {
        hints: ['Compare times that are closer, or fewer accounts: `account` limits the comparison.'],
      })
    const { limit = 1000 } = query
    const { counts, resources } = differencesOf(rows as DifferingRow[], new Set(created.map(({ ref }) => String(ref))))
    return answerJson(request, reply, {
      from: isoOf(times.from),
      to: isoOf(times.to),
      counts,
      more: resources.length > limit,
      resources: resources.slice(0, limit),
    })
  })
}
