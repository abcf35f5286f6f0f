import type { FastifyInstance } from 'fastify'
import { withoutUrlSecrets } from '../../model/url-text.ts'
import { answerJson } from '../answer.ts'
import type { ApiContext } from '../options.ts'
import { integer, list, object, string } from '../openapi/json-schema.ts'

const time = { type: 'number', description: 'Unix ms.' } as const

export const clusterSchemas = {
  Clusters: object(
    {
      clusters: list(
        object(
          {
            name: string,
            type: string,
            cluster: string,
            reached: { ...time, description: 'Unix ms of the last successful list or bookmark.' },
            problem: {
              type: 'string',
              description: 'Why it cannot be watched: the log message and its cause.',
            },
            objects: integer,
            changes: { type: 'integer', description: 'Changes emitted since the start.' },
            hidden: { type: 'integer', description: 'Changes hidden by noise rules since the start.' },
            unavailable: list(string, { description: 'API groups without a response from their server.' }),
            synced: { type: 'boolean', description: 'Whether all permitted kinds are watched.' },
            workloads: {
              type: 'integer',
              description: 'Pods, nodes and services that currently provide names of flows.',
            },
            lease: object(
              {
                namespace: string,
                name: string,
                state: { type: 'string', enum: ['holds', 'stands by'] },
                holder: string,
                since: { type: 'string', description: 'ISO 8601, by the clock of the holder.' },
                epoch: {
                  type: 'integer',
                  description: 'Fencing epoch: increases with each new holder; included in every event.',
                },
                problem: { type: 'string', description: 'Error of reading the lease.' },
                waiting: {
                  type: 'integer',
                  description: 'Events that wait for leadership, or for confirmation by the leader.',
                },
              },
              { description: 'Leader election between replicas.', required: ['namespace', 'name', 'state', 'waiting'] },
            ),
            kinds: list(
              object(
                {
                  kind: string,
                  group: string,
                  namespace: string,
                  state: string,
                  reason: { type: 'string', description: 'Reason why it is not watched.' },
                  objects: integer,
                  lists: integer,
                  watches: integer,
                  lastByte: { ...time, description: 'Unix ms of the last byte from the server.' },
                },
                { required: ['kind', 'group', 'state', 'objects', 'lists', 'watches'] },
              ),
            ),
          },
          { required: ['name', 'type', 'cluster', 'objects', 'changes', 'hidden', 'unavailable', 'synced', 'kinds'] },
        ),
      ),
    },
    { required: ['clusters'] },
  ),
} as const

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
    async (request, reply) =>
      answerJson(request, reply, {
        clusters: (await control.clusters()).map((cluster) =>
          cluster.problem === undefined ? cluster : { ...cluster, problem: withoutUrlSecrets(cluster.problem) },
        ),
      }),
  )
}
