import type { FastifyInstance } from 'fastify'
import { withoutUrlSecrets } from '../../model/url-text.ts'
import { answerJson } from '../answer.ts'
import type { ApiContext } from '../options.ts'

const time = { type: 'number', description: 'Unix ms.' } as const

export const clusterSchemas = {
  Clusters: {
    type: 'object',
    required: ['clusters'],
    properties: {
      clusters: {
        type: 'array',
        items: {
          type: 'object',
          required: ['name', 'type', 'cluster', 'objects', 'changes', 'hidden', 'unavailable', 'synced', 'kinds'],
          properties: {
            name: { type: 'string' },
            type: { type: 'string' },
            cluster: { type: 'string' },
            reached: { ...time, description: 'Unix ms of the last successful list or bookmark.' },
            problem: {
              type: 'string',
              description: 'Why it cannot be watched: the log message and its cause.',
            },
            objects: { type: 'integer' },
            changes: { type: 'integer', description: 'Changes emitted since the start.' },
            hidden: { type: 'integer', description: 'Changes hidden by noise rules since the start.' },
            unavailable: {
              type: 'array',
              items: { type: 'string' },
              description: 'API groups without a response from their server.',
            },
            synced: { type: 'boolean', description: 'Whether all permitted kinds are watched.' },
            workloads: {
              type: 'integer',
              description: 'Pods, nodes and services that currently provide names of flows.',
            },
            lease: {
              type: 'object',
              description: 'Leader election between replicas.',
              required: ['namespace', 'name', 'state', 'waiting'],
              properties: {
                namespace: { type: 'string' },
                name: { type: 'string' },
                state: { type: 'string', enum: ['holds', 'stands by'] },
                holder: { type: 'string' },
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
            },
            kinds: {
              type: 'array',
              items: {
                type: 'object',
                required: ['kind', 'group', 'state', 'objects', 'lists', 'watches'],
                properties: {
                  kind: { type: 'string' },
                  group: { type: 'string' },
                  namespace: { type: 'string' },
                  state: { type: 'string' },
                  reason: { type: 'string', description: 'Reason why it is not watched.' },
                  objects: { type: 'integer' },
                  lists: { type: 'integer' },
                  watches: { type: 'integer' },
                  lastByte: { ...time, description: 'Unix ms of the last byte from the server.' },
                },
              },
            },
          },
        },
      },
    },
  },
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
