import type { FastifyInstance } from 'fastify'
import type { SourceExporters } from '../../engine/control.ts'
import { answerJson } from '../answer.ts'
import { collectorAddress, recipes } from '../exporter-recipes.ts'
import type { ApiContext } from '../options.ts'
import { closed, integer, list, object, problem, string } from '../json-schema.ts'

const why = { type: 'string', description: 'Why data is missing or incomplete, and how to fix it.' } as const

export const exporterSchemas = {
  Exporters: object(
    {
      sources: list(
        object(
          {
            name: string,
            type: string,
            addresses: list(string),
            why,
            known: {
              type: 'integer',
              description: 'Number of recently seen exporters; the response may contain fewer.',
            },
            exporters: list(
              object(
                {
                  address: string,
                  lastSeen: { type: 'number', description: 'Unix ms of the last datagram.' },
                  datagrams: integer,
                  rows: integer,
                  why,
                },
                { required: ['address', 'lastSeen', 'datagrams', 'rows'], additionalProperties: true },
              ),
              { description: 'Most recently seen first.' },
            ),
          },
          {
            required: ['name', 'type', 'addresses', 'known', 'exporters'],
            description: 'A source may report further fields.',
            additionalProperties: true,
          },
        ),
      ),
    },
    { required: ['sources'] },
  ),
  ExporterRecipes: object(
    {
      collector: { type: 'string', description: 'Address of this server in the recipes.' },
      recipes: list(
        object(
          {
            name: string,
            title: string,
            lines: list(string),
          },
          { required: ['name', 'title', 'lines'] },
        ),
      ),
    },
    { required: ['collector', 'recipes'] },
  ),
} as const

export type ExporterRecipes = Readonly<{
  collector: string
  recipes: readonly Readonly<{ name: string; title: string; lines: readonly string[] }>[]
}>

type Query = Readonly<{
  source?: string
  limit?: number
}>

const defaultLimit = 1000

export function exporterRoutes(app: FastifyInstance, { control }: ApiContext): void {
  app.get(
    '/api/v1/exporters',
    {
      schema: {
        operationId: 'exporters',
        summary: 'List exporters and explain missing data',
        querystring: closed({
          source: string,
          limit: {
            type: 'integer',
            minimum: 1,
            maximum: 100_000,
            description: `Maximum exporters of each source (${defaultLimit}).`,
          },
        }),
        response: { 200: { $ref: 'Exporters#' } },
      },
    },
    async (request, reply) => {
      const { source, limit = defaultLimit } = request.query as Query
      const sources = (await control.exporters()).filter(({ name }) => source === undefined || name === source)
      return answerJson(request, reply, { sources: sources.map((one) => cut(one, limit)) })
    },
  )

  app.get(
    '/api/v1/exporters/recipes',
    {
      schema: {
        operationId: 'exporterRecipes',
        summary: 'Configuration commands for common exporters',
        querystring: closed({
          collector: {
            type: 'string',
            pattern: '^[A-Za-z0-9.:-]{1,253}$',
            description:
              'Address of this server as exporters see it. Unset: the listen address, or the host name of ' +
              'the request.',
          },
        }),
        response: { 200: { $ref: 'ExporterRecipes#' }, 400: problem },
      },
    },
    async (request, reply) => {
      const { collector } = request.query as { readonly collector?: string }
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

function cut(source: SourceExporters, limit: number): SourceExporters {
  const exporters = source.exporters.toSorted((a, b) => b.lastSeen - a.lastSeen)
  return { ...source, known: exporters.length, exporters: exporters.slice(0, limit) }
}
