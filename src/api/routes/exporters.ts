import type { FastifyInstance } from 'fastify'
import type { SourceExporters } from '../../engine/control.ts'
import { answerJson } from '../answer.ts'
import { collectorAddress, recipes } from '../../topics/exporters/recipes.ts'
import type { ApiContext } from '../options.ts'
import { typed } from '../request/typed.ts'
import { ExporterRecipes, Exporters, ExportersParameters, RecipesParameters } from '../../topics/exporters/schema.ts'
import { problem } from '../openapi/json-schema.ts'

export const exporterSchemas = { Exporters, ExporterRecipes } as const

const defaultLimit = 1000

export function exporterRoutes(app: FastifyInstance, { control }: ApiContext): void {
  const routes = typed(app)
  routes.get(
    '/api/v1/exporters',
    {
      schema: {
        operationId: 'exporters',
        summary: 'List exporters and explain missing data',
        querystring: ExportersParameters(defaultLimit),
        response: { 200: { $ref: 'Exporters#' } },
      },
    },
    async (request, reply) => {
      const { source, limit = defaultLimit } = request.query
      const sources = (await control.exporters()).filter(({ name }) => source === undefined || name === source)
      const listed: Exporters = { sources: sources.map((source) => cut(source, limit)) }
      return answerJson(request, reply, listed)
    },
  )

  routes.get(
    '/api/v1/exporters/recipes',
    {
      schema: {
        operationId: 'exporterRecipes',
        summary: 'Configuration commands for common exporters',
        querystring: RecipesParameters,
        response: { 200: { $ref: 'ExporterRecipes#' }, 400: problem },
      },
    },
    async (request, reply) => {
      const { collector } = request.query
      const address = collectorAddress(await control.exporters(), {
        requested: collector,
        else: request.hostname.replace(/^\[(.*)\]$/, '$1'),
      })
      const answer: ExporterRecipes = {
        collector: address.host,
        recipes: recipes.map(({ name, title, lines }) => ({ name, title, lines: lines(address) })),
      }
      return answerJson(request, reply, answer)
    },
  )
}

function cut(source: SourceExporters, limit: number): Exporters['sources'][number] {
  const exporters = source.exporters.toSorted((a, b) => b.lastSeen - a.lastSeen)
  return { ...source, known: exporters.length, exporters: exporters.slice(0, limit) }
}
