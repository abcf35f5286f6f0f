import type { FastifyInstance } from 'fastify'
import { withoutUrlSecrets } from '../../model/url-text.ts'
import { Clusters } from '../../topics/clusters/schema.ts'
import { answerJson } from '../answer.ts'
import type { ApiContext } from '../options.ts'

export const clusterSchemas = { Clusters } as const

export function clusterRoutes(app: FastifyInstance, { control }: ApiContext): void {
  app.get(
    '/api/v1/clusters',
    {
      schema: {
        operationId: 'clusters',
        summary: 'Watched clusters and the state of each kind',
        response: { 200: { $ref: 'Clusters#' } },
      },
    },
    async (request, reply) => {
      const watched = (await control.clusters()).map((cluster) =>
        cluster.problem === undefined ? cluster : { ...cluster, problem: withoutUrlSecrets(cluster.problem) },
      )
      const result: Clusters = { clusters: watched }
      return answerJson(request, reply, result)
    },
  )
}
