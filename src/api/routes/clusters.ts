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
            reached: { ...time, description: 'Unix ms of the last time that the server said what it has.' },
            problem: {
              type: 'string',
              description: 'Why it cannot be watched: the sentence of the log, and the cause.',
            },
            objects: { type: 'integer' },
            changes: { type: 'integer', description: 'Told since the start.' },
            hidden: { type: 'integer', description: 'Hidden by rules of noise since the start.' },
            unavailable: {
              type: 'array',
              items: { type: 'string' },
              description: 'Groups whose own server does not answer.',
            },
            synced: { type: 'boolean', description: 'Everything is watched that can be.' },
            workloads: { type: 'integer', description: 'Pods, nodes and services whose addresses name flows now.' },
            lease: {
              type: 'object',
              description: 'Where replicas take turns.',
              required: ['namespace', 'name', 'state', 'waiting'],
              properties: {
                namespace: { type: 'string' },
                name: { type: 'string' },
                state: { type: 'string', enum: ['holds', 'stands by'] },
                holder: { type: 'string' },
                since: { type: 'string', description: 'ISO 8601, by the holder’s clock.' },
                epoch: { type: 'integer', description: 'One more with each holder; in every event that it tells.' },
                problem: { type: 'string', description: 'Why it can’t be asked for.' },
                waiting: {
                  type: 'integer',
                  description: 'Events that wait for our turn, or to be told by another one.',
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
                  reason: { type: 'string', description: 'Why it is not watched.' },
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
        summary: 'Clusters that are watched, and how each of their kinds is doing',
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
