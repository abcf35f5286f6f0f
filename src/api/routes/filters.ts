import type { FastifyInstance } from 'fastify'
import type { BatchKind } from '../../model/batches.ts'
import { nameTables, QueryError, readFilter } from '../../query/index.ts'
import { importNetObserv } from '../../query/netobserv-url.ts'
import { answerJson } from '../answer.ts'
import type { TextProblem } from '../problems.ts'

const errorItem = {
  type: 'object', required: ['from', 'to', 'message'], properties: { from: { type: 'integer' }, to: { type: 'integer' }, message: { type: 'string' }, hint: { type: 'string' } },
} as const

export const filterSchemas = {
  Validation: {
    type: 'object', required: ['ok', 'normalized', 'errors'], properties: {
      ok: { type: 'boolean' },
      normalized: { type: ['string', 'null'], description: 'The normal form, which means the same now and in later versions; null when it is no filter.' },
      errors: { type: 'array', items: errorItem, description: 'What is wrong, and where in the text: [from, to) in UTF-16 units.' },
    },
  },
  Import: {
    type: 'object', required: ['filter', 'both_ways', 'from', 'to', 'dropped'], properties: {
      filter: { type: 'string', description: 'In its normal form; empty: every row.' },
      both_ways: { type: 'boolean' },
      from: { type: ['string', 'null'] }, to: { type: ['string', 'null'] },
      dropped: { type: 'array', items: { type: 'object', properties: { part: { type: 'string' }, reason: { type: 'string' } } }, description: 'What has no counterpart here, and why.' },
    },
  },
} as const

const validateSchema = {
  operationId: 'validate',
  summary: 'Is a text a filter?',
  description: 'Always 200: a text that is no filter is an answer, too.',
  body: {
    type: 'object', required: ['filter'], additionalProperties: false, properties: {
      filter: { type: 'string', maxLength: 65_536 },
      names: { type: 'string', enum: ['flows', 'events'], default: 'flows', description: 'Whose fields it speaks of.' },
    },
  },
  response: { 200: { $ref: 'Validation#' }, 400: { $ref: 'Problem#' } },
} as const

const importSchema = {
  operationId: 'importLink',
  summary: 'A link of NetObserv’s console as a filter',
  description: 'Filters, time, match, drops and record type of a link, in our words; `dropped` names what has no counterpart.',
  body: { type: 'object', required: ['url'], additionalProperties: false, properties: { url: { type: 'string', maxLength: 65_536, description: 'The link, or its query part.' } } },
  response: { 200: { $ref: 'Import#' }, 400: { $ref: 'Problem#' } },
} as const

export function filterRoutes(app: FastifyInstance): void {
  app.post('/api/v1/validate', { schema: validateSchema }, (request, reply) => {
    const { filter, names = 'flows' } = request.body as { filter: string; names?: BatchKind }
    return answerJson(request, reply, judged(filter, names))
  })
  app.post('/api/v1/import', { schema: importSchema }, (request, reply) => {
    const { filter, bothWays, from = null, to = null, dropped } = importNetObserv((request.body as { url: string }).url)
    return answerJson(request, reply, { filter, both_ways: bothWays, from, to, dropped })
  })
}

function judged(text: string, names: BatchKind): { ok: boolean; normalized: string | null; errors: readonly TextProblem[] } {
  try {
    return { ok: true, normalized: readFilter(text, nameTables[names]).normal, errors: [] }
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    return { ok: false, normalized: null, errors: error.problems }
  }
}
