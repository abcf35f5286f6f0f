import type { FastifyInstance } from 'fastify'
import { flowFields, registryVersion } from '../../model/fields.ts'
import { answerJson } from '../answer.ts'
import { Fields } from '../../topics/fields/schema.ts'
import { everyView } from '../../topics/views.ts'

export const fieldSchemas = { Fields } as const

/** Columns are static, so the store is not queried. */
export function fieldRoutes(app: FastifyInstance): void {
  app.get(
    '/api/v1/fields',
    {
      schema: {
        operationId: 'fields',
        summary: 'The field registry and the columns of the views',
        response: { 200: { $ref: 'Fields#' } },
      },
    },
    (request, reply) => {
      const result: Fields = { version: registryVersion, fields: flowFields, views: everyView }
      return answerJson(request, reply, result)
    },
  )
}
