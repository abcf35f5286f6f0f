import type { FastifyInstance } from 'fastify'
import type { SourceExporters } from '../../engine/control.ts'
import { answerJson } from '../answer.ts'
import { collectorAddress, recipes } from '../exporter-recipes.ts'
import type { ApiContext } from '../options.ts'

const why = { type: 'string', description: 'Why data is missing or incomplete, and how to fix it.' } as const

export const exporterSchemas = {
  Exporters: {
    type: 'object',
    required: ['sources'],
    properties: {
      sources: {
        type: 'array',
        items: {
          type: 'object',
          required: ['name', 'type', 'addresses', 'known', 'exporters'],
          description: 'A source may report further fields.',
          properties: {
            name: { type: 'string' },
            type: { type: 'string' },
            addresses: { type: 'array', items: { type: 'string' } },
            why,
            known: {
              type: 'integer',
              description: 'Number of recently seen exporters; the response may contain fewer.',
            },
            exporters: {
              type: 'array',
              description: 'Most recently seen first.',
              items: {
                type: 'object',
                required: ['address', 'lastSeen', 'datagrams', 'rows'],
                properties: {
                  address: { type: 'string' },
                  lastSeen: { type: 'number', description: 'Unix ms of the last datagram.' },
                  datagrams: { type: 'integer' },
                  rows: { type: 'integer' },
                  why,
                },
              },
            },
          },
        },
      },
    },
  },
  ExporterRecipes: {
    type: 'object',
    required: ['collector', 'recipes'],
    properties: {
      collector: { type: 'string', description: 'Address of this server in the recipes.' },
      recipes: {
        type: 'array',
        items: {
          type: 'object',
          required: ['name', 'title', 'lines'],
          properties: {
            name: { type: 'string' },
            title: { type: 'string' },
            lines: { type: 'array', items: { type: 'string' } },
          },
        },
      },
    },
  },
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
        querystring: {
          type: 'object',
          additionalProperties: false,
          properties: {
            source: { type: 'string' },
            limit: {
              type: 'integer',
              minimum: 1,
              maximum: 100_000,
              description: `Maximum exporters of each source (${defaultLimit}).`,
            },
          },
        },
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
        querystring: {
          type: 'object',
          additionalProperties: false,
          // Becomes part of commands that people copy.
          properties: {
            collector: {
              type: 'string',
              pattern: '^[A-Za-z0-9.:-]{1,253}$',
              description:
                'Address of this server as exporters see it. Unset: the listen address, or the host name of ' +
                'the request.',
            },
          },
        },
        response: { 200: { $ref: 'ExporterRecipes#' }, 400: { $ref: 'Problem#' } },
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
