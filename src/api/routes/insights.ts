import type { FastifyInstance } from 'fastify'
import { facts, imageDiff, images, packages, problems, problemSums } from '../../topics/insights/index.ts'
import type { ApiContext } from '../options.ts'
import { serve } from '../serve.ts'
import { reportRoute } from './report.ts'

export const insightSchemas = {
  ProblemSums: problemSums.result,
  ImageDiff: imageDiff.result,
  PackagePage: packages.result,
  ProblemPage: problems.result,
  FactPage: facts.result,
  ImagePage: images.result,
} as const

export function insightRoutes(app: FastifyInstance, context: ApiContext): void {
  reportRoute(app, context)
  serve(app, { context, url: '/api/v1/problems/sums' }, problemSums)
  serve(app, { context, url: '/api/v1/images/diff' }, imageDiff)
  serve(app, { context, url: '/api/v1/packages' }, packages)
  serve(app, { context, url: '/api/v1/problems' }, problems)
  serve(app, { context, url: '/api/v1/facts' }, facts)
  serve(app, { context, url: '/api/v1/images' }, images)
}
