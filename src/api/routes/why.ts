import type { FastifyInstance } from 'fastify'
import type { Watched } from '../../topics/resources/one.ts'
import { marks, why } from '../../topics/why/index.ts'
import type { ApiContext } from '../options.ts'
import { serve } from '../serve.ts'

export const whySchemas = { PrecedingChanges: why.result, TrafficMarks: marks.result } as const

export function whyRoutes(app: FastifyInstance, context: ApiContext): void {
  const watched = (): Watched => ({ manifest: (query) => context.control.manifest(query) })
  serve(app, { context, url: '/api/v1/why' }, why, () => ({ ...watched(), host: context.host }))
  serve(app, { context, url: '/api/v1/marks' }, marks, watched)
}
