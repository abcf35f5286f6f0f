import type { FastifyInstance } from 'fastify'
import { graph, graphPaths } from '../../topics/graph/index.ts'
import type { ApiContext } from '../options.ts'
import { serve } from '../serve.ts'

export const graphSchemas = {
  Graph: graph.result,
  GraphPaths: graphPaths.result,
} as const

export function graphRoutes(app: FastifyInstance, context: ApiContext): void {
  serve(app, { context, url: '/api/v1/graph' }, graph)
  serve(app, { context, url: '/api/v1/graph/paths' }, graphPaths)
}
