import type { FastifyInstance } from 'fastify'
import { parseKubernetesRef } from '../../model/refs.ts'
import { isoOf } from '../../query/plan/index.ts'
import { answerJson } from '../answer.ts'
import { abortOnDisconnect, requireStore } from '../store-query.ts'
import { mayName } from '../../topics/scope.ts'
import { atParameter } from '../../topics/schema.ts'
import { resources } from '../../topics/resources/index.ts'
import { ResourceRow } from '../../topics/resources/schema.ts'
import { moment } from '../../topics/time-span.ts'
import type { ApiContext } from '../options.ts'
import { ApiError } from '../problems.ts'
import { serve } from '../serve.ts'
import { describeResource } from '../resource.ts'
import { ChangeRow } from '../../topics/changes/schema.ts'
import { closed, list, nullable, object, problem, refusals, string } from '../json-schema.ts'

const count = { type: ['integer', 'null'] } as const

const related = list(
  object({
    relation: string,
    from: string,
    to: string,
    valid_from: string,
    valid_to: nullable,
  }),
)

export const resourceSchemas = {
  ResourcePage: resources.result,
  Resource: object(
    {
      ref: string,
      at: string,
      manifest: {
        description:
          'The object at that time, as returned by the API server, without noise and secrets; null: see ' +
          '`manifest_note`.',
      },
      manifest_note: { ...nullable, description: 'Reason for a missing manifest.' },
      versions: list(
        object({
          uid: string,
          resource_version: nullable,
          operation: { ...nullable, description: 'Event that created this version; null: the first list.' },
          valid_from: string,
          valid_to: { ...nullable, description: 'null: still valid.' },
          images: list(string, { description: 'Images of its containers, or of those of its pods.' }),
        }),
        {
          description:
            'Versions of the object with their validity, newest first. Versions that differ only in noise are ' +
            'combined.',
        },
      ),
      state: {
        type: ['object', 'null'],
        description: 'Of the manifest; null without it. `replicas` and `strategy` are null for other kinds.',
        properties: {
          images: list(object({ container: string, image: string })),
          replicas: {
            type: ['object', 'null'],
            properties: { desired: count, ready: count, updated: count },
          },
          strategy: { ...nullable, description: 'Type and limits of an update.' },
          conditions: list(
            object({ type: string, status: string, reason: nullable, message: nullable, since: nullable }),
          ),
        },
      },
      now: { description: 'State at that time, with all known properties in `data`; null: it did not exist.' },
      intervals: list(ResourceRow, {
        description: 'States, newest first. Recreated objects with the same name have different uids.',
      }),
      owners: { ...related, description: "At that time: its owner, the owner's owner, and so on." },
      owned: { ...related, description: 'At that time: objects that it owns, directly and indirectly.' },
      relations: {
        ...related,
        description: 'At that time: its node, images and namespace, services that select it, pods of a node.',
      },
      changes: list(ChangeRow, {
        description: 'The last ones before that time, newest first.',
      }),
      events: list({ type: 'object' }, { description: 'Kubernetes events about it before that time, newest first.' }),
    },
    {
      required: [
        'ref',
        'at',
        'manifest',
        'manifest_note',
        'versions',
        'state',
        'now',
        'intervals',
        'owners',
        'owned',
        'relations',
        'changes',
        'events',
      ],
    },
  ),
} as const

const oneSchema = {
  operationId: 'resource',
  summary: 'One object: state, versions, relations, changes and events',
  querystring: closed(
    {
      ref: {
        type: 'string',
        minLength: 1,
        maxLength: 2000,
        description: 'The object: `k8s:<cluster>/<group>/<kind>/<namespace>/<name>`.',
        examples: ['k8s:prod-eu//Pod/shop/web-1'],
      },
      at: atParameter,
    },
    { required: ['ref'] },
  ),
  response: {
    200: { $ref: 'Resource#' },
    ...refusals,
    404: problem,
  },
} as const

export function resourceRoutes(app: FastifyInstance, context: ApiContext): void {
  const { host } = context
  serve(app, { context, url: '/api/v1/resources' }, resources)

  app.get('/api/v1/resources/one', { schema: oneSchema }, async (request, reply) => {
    const { ref, at: written = 'now' } = request.query as { ref: string; at?: string }
    if (parseKubernetesRef(ref) === undefined)
      throw new ApiError('WEIR_API_INVALID', `"ref" does not refer to a Kubernetes object: ${ref}.`, {
        hints: [
          'Write k8s:<cluster>/<group>/<kind>/<namespace>/<name>; missing parts are empty, as in ' +
            'k8s:prod//Node//worker-1.',
        ],
      })
    const at = moment(written, 'at', host.clock.now())
    const store = requireStore(context)
    const missing = new ApiError('WEIR_API_NOT_FOUND', `${ref} is unknown.`, {
      hints: ['GET /api/v1/resources lists objects; expired ones are deleted.'],
    })
    // Absent and invisible objects look alike.
    if (!mayName(request.principal, ref)) throw missing
    const known = await describeResource(
      {
        store,
        disconnected: abortOnDisconnect(reply),
        principal: request.principal,
        current: (query) => context.control.manifest(query),
      },
      ref,
      at,
    )
    if (known === 'gone') return reply.hijack()
    if (known === undefined) throw missing
    return answerJson(request, reply, { ref, at: isoOf(at), ...known })
  })
}
