import type { FastifyInstance } from 'fastify'
import { nameTables, print, QueryError, readFilter, swapEnds, written } from '../../query/index.ts'
import { importNetObserv } from '../../query/netobserv-url.ts'
import { answerJson } from '../answer.ts'
import { errorItem } from '../openapi.ts'
import type { QuickFilter } from '../options.ts'
import type { TextProblem } from '../problems.ts'
import { boolean, closed, list, nullable, object, problem, string } from '../json-schema.ts'

export const filterSchemas = {
  Validation: object(
    {
      ok: boolean,
      normalized: {
        type: ['string', 'null'],
        description: 'Normal form, with the same meaning in all later versions; null: not a valid filter.',
      },
      written: {
        type: ['string', 'null'],
        description: 'The filter with plain words replaced by tests; otherwise as sent. null: not a valid filter.',
      },
      swapped: { type: ['string', 'null'], description: 'The filter with source and destination exchanged.' },
      errors: list(errorItem, { description: 'Errors with their position in the text: [from, to) in UTF-16 units.' }),
    },
    { required: ['ok', 'normalized', 'written', 'swapped', 'errors'] },
  ),
  QuickFilters: object(
    {
      filters: list(object({ name: string, filter: string }, { required: ['name', 'filter'] })),
    },
    { required: ['filters'] },
  ),
  Import: object(
    {
      filter: { type: 'string', description: 'Normal form; empty: every row.' },
      both_ways: boolean,
      from: nullable,
      to: nullable,
      dropped: list(object({ part: string, reason: string }), {
        description: 'Parts without an equivalent, with the reason.',
      }),
    },
    { required: ['filter', 'both_ways', 'from', 'to', 'dropped'] },
  ),
} as const

const validateSchema = {
  operationId: 'validate',
  summary: 'Validate a filter',
  description: 'The status is 200 for invalid filters, too.',
  body: closed(
    {
      filter: { type: 'string', maxLength: 65_536 },
      names: {
        type: 'string',
        enum: Object.keys(nameTables),
        default: 'flows',
        description: 'Stream of the fields in the filter.',
      },
    },
    { required: ['filter'] },
  ),
  response: { 200: { $ref: 'Validation#' }, 400: problem },
} as const

const importSchema = {
  operationId: 'importLink',
  summary: 'Convert a link of NetObserv’s console to a filter',
  description:
    'Returns filter, time range, match, drops and record type of the link; `dropped` lists the parts without ' +
    'an equivalent.',
  body: closed(
    { url: { type: 'string', maxLength: 65_536, description: 'The link, or its query string.' } },
    { required: ['url'] },
  ),
  response: { 200: { $ref: 'Import#' }, 400: problem },
} as const

const quickSchema = {
  operationId: 'quickFilters',
  summary: 'Named filters of the console',
  description: 'From `console.quick_filters` of the configuration.',
  response: { 200: { $ref: 'QuickFilters#' } },
} as const

export function filterRoutes(app: FastifyInstance, quick: () => readonly QuickFilter[] = () => []): void {
  app.get('/api/v1/quick-filters', { schema: quickSchema }, (request, reply) =>
    answerJson(request, reply, { filters: quick().map(({ name, filter }) => ({ name, filter })) }),
  )
  app.post('/api/v1/validate', { schema: validateSchema }, (request, reply) => {
    const { filter, names = 'flows' } = request.body as { filter: string; names?: keyof typeof nameTables }
    return answerJson(request, reply, judged(filter, names))
  })
  app.post('/api/v1/import', { schema: importSchema }, (request, reply) => {
    const { filter, bothWays, from = null, to = null, dropped } = importNetObserv((request.body as { url: string }).url)
    return answerJson(request, reply, { filter, both_ways: bothWays, from, to, dropped })
  })
}

function judged(
  text: string,
  names: keyof typeof nameTables,
): Readonly<{
  ok: boolean
  normalized: string | null
  written: string | null
  swapped: string | null
  errors: readonly TextProblem[]
}> {
  try {
    const filter = written(text, nameTables[names])
    const { expression, normal } = readFilter(filter, nameTables[names])
    return {
      ok: true,
      normalized: normal,
      written: filter,
      swapped: print(swapEnds(expression, nameTables[names]), nameTables[names]),
      errors: [],
    }
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    return { ok: false, normalized: null, written: null, swapped: null, errors: error.problems }
  }
}
