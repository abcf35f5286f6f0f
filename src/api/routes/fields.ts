import type { FastifyInstance } from 'fastify'
import { flowFields, registryVersion } from '../../model/fields.ts'
import { answerJson } from '../answer.ts'
import { everyView } from '../../topics/views.ts'
import { list, object, string } from '../openapi/json-schema.ts'

const column = object(
  {
    name: string,
    type: { type: 'string', description: 'SQL type.' },
    unit: { type: 'string', description: 'UCUM.' },
    otel: { type: 'string', description: 'Name in the OpenTelemetry semantic conventions.' },
    meaning: string,
  },
  { required: ['name', 'type', 'meaning'] },
)

export const fieldSchemas = {
  Fields: object(
    {
      version: {
        type: 'integer',
        description: 'Increases when fields are added. Fields are never removed and their types never change.',
      },
      fields: list({ type: 'object' }, { description: 'Fields of a flow.' }),
      views: { type: 'object', additionalProperties: list(column) },
    },
    { required: ['version', 'fields', 'views'] },
  ),
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
