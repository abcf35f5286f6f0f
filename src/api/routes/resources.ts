import type { FastifyInstance } from 'fastify'
import type { ManifestQuery } from '../../model/kubernetes.ts'
import { resource, resources } from '../../topics/resources/index.ts'
import type { ApiContext } from '../options.ts'
import { serve } from '../serve.ts'

export const resourceSchemas = {
  ResourcePage: resources.result,
  Resource: resource.result,
} as const

export function resourceRoutes(app: FastifyInstance, context: ApiContext): void {
  const manifest = (query: ManifestQuery) => context.control.manifest(query)
  serve(app, { context, url: '/api/v1/resources' }, resources)
  serve(app, { context, url: '/api/v1/resources/one' }, resource, () => ({ manifest }))
}
