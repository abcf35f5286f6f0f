import type { FastifyInstance } from 'fastify'
import { nameTables, print, QueryError, readFilter, swapEnds, written } from '../../query/index.ts'
import { importNetObserv } from '../../query/netobserv-url.ts'
import { answerJson } from '../answer.ts'
import type { QuickFilter } from '../options.ts'
import { problem } from '../openapi/json-schema.ts'
import { typed } from '../request/typed.ts'
import { Import, ImportRequest, QuickFilters, Validation, ValidationRequest } from '../../topics/filters/schema.ts'

export const filterSchemas = { Validation, QuickFilters, Import } as const

const validateSchema = {
  operationId: 'validate',
  summary: 'Validate a filter',
  description: 'The status is 200 for invalid filters, too.',
  body: ValidationRequest,
  response: { 200: { $ref: 'Validation#' }, 400: problem },
} as const

const importSchema = {
  operationId: 'importLink',
  summary: 'Convert a link of NetObserv’s console to a filter',
  description:
    'Returns filter, time range, match, drops and record type of the link; `dropped` lists the parts without ' +
    'an equivalent.',
  body: ImportRequest,
  response: { 200: { $ref: 'Import#' }, 400: problem },
} as const

const quickSchema = {
  operationId: 'quickFilters',
  summary: 'Named filters of the console',
  description: 'From `console.quick_filters` of the configuration.',
  response: { 200: { $ref: 'QuickFilters#' } },
} as const

export function filterRoutes(app: FastifyInstance, quick: () => readonly QuickFilter[] = () => []): void {
  const routes = typed(app)
  routes.get('/api/v1/quick-filters', { schema: quickSchema }, (request, reply) =>
    answerJson(request, reply, { filters: quick().map(({ name, filter }) => ({ name, filter })) }),
  )
  routes.post('/api/v1/validate', { schema: validateSchema }, (request, reply) => {
    const { filter, names = 'flows' } = request.body
    return answerJson(request, reply, judged(filter, names))
  })
  routes.post('/api/v1/import', { schema: importSchema }, (request, reply) => {
    const { filter, bothWays, from = null, to = null, dropped } = importNetObserv(request.body.url)
    return answerJson(request, reply, { filter, both_ways: bothWays, from, to, dropped })
  })
}

function judged(text: string, names: keyof typeof nameTables): Validation {
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
