import type { FastifyInstance } from 'fastify'
import { flowFields, registryVersion } from '../../model/fields.ts'
import { answerJson } from '../answer.ts'
import { everyView } from '../views.ts'

const column = {
  type: 'object',
  required: ['name', 'type', 'meaning'],
  properties: {
    name: { type: 'string' },
    type: { type: 'string', description: 'SQL type.' },
    unit: { type: 'string', description: 'UCUM.' },
    otel: { type: 'string', description: 'Name in the OpenTelemetry semantic conventions.' },
    meaning: { type: 'string' },
  },
} as const

export const fieldSchemas = {
  Fields: {
    type: 'object',
    required: ['version', 'fields', 'views'],
    properties: {
      version: {
        type: 'integer',
        description: 'Increases when fields are added. Fields are never removed and their types never change.',
      },
      fields: { type: 'array', items: { type: 'object' }, description: 'Fields of a flow.' },
      views: { type: 'object', additionalProperties: { type: 'array', items: column } },
    },
  },
} as const

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
    (request, reply) => answerJson(request, reply, { version: registryVersion, fields: flowFields, views: everyView }),
  )
}
