import type { FastifyInstance } from 'fastify'
import { parseKubernetesRef } from '../../model/refs.ts'
import { compileSql } from '../../query/index.ts'
import { isoOf } from '../../query/plan/index.ts'
import { text } from '../../query/sql-text.ts'
import { answerJson } from '../answer.ts'
import { goneWith, rowsOf, storeOf } from '../ask.ts'
import { mayName } from '../access/scope.ts'
import {
  among,
  asOf,
  fingerprintOf,
  found,
  moment,
  placeConditions,
  placeParameters,
  readPageCursor,
  resourceColumns,
  writePageCursor,
  type PlaceQuery,
} from '../objects.ts'
import { filterOf } from '../filter-text.ts'
import type { ApiContext } from '../options.ts'
import { ApiError } from '../problems.ts'
import { describeResource } from '../resource.ts'
import { changeSchemas } from './changes.ts'

const nullable = { type: ['string', 'null'] } as const

const resource = {
  cluster: { type: 'string' },
  group: { type: 'string' },
  kind: { type: 'string' },
  namespace: nullable,
  name: { type: 'string' },
  uid: { type: 'string' },
  ref: { type: 'string' },
  labels: { description: 'An object, or null.' },
  node: nullable,
  zone: nullable,
  phase: nullable,
  owner_kind: nullable,
  owner_name: nullable,
  owner_uid: nullable,
  created: nullable,
  valid_from: { type: 'string' },
  valid_to: { ...nullable, description: 'null: it still is so.' },
  resource_version: nullable,
} as const

const related = {
  type: 'array',
  items: {
    type: 'object',
    properties: {
      relation: { type: 'string' },
      from: { type: 'string' },
      to: { type: 'string' },
      valid_from: { type: 'string' },
      valid_to: nullable,
    },
  },
} as const

export const resourceSchemas = {
  ResourcePage: {
    type: 'object',
    required: ['resources', 'next', 'at'],
    properties: {
      resources: { type: 'array', items: { type: 'object', properties: resource } },
      next: { ...nullable, description: 'Cursor of the next page; null: this was the last.' },
      at: { type: 'string', description: 'The time of the answer.' },
      total: { type: 'integer', description: 'Of the first page: how many there are.' },
    },
  },
  Resource: {
    type: 'object',
    required: [
      'ref',
      'at',
      'manifest',
      'manifest_note',
      'versions',
      'now',
      'intervals',
      'owners',
      'owned',
      'relations',
      'changes',
      'events',
    ],
    properties: {
      ref: { type: 'string' },
      at: { type: 'string' },
      manifest: {
        description:
          'The object at that time, as the API server had it, without noise and secrets; null: see `manifest_note`.',
      },
      manifest_note: { ...nullable, description: 'Why there is no manifest.' },
      versions: {
        type: 'array',
        description:
          'Its versions, the newest first, with the time in which each held. Versions that differ in noise only are one.',
        items: {
          type: 'object',
          properties: {
            uid: { type: 'string' },
            resource_version: nullable,
            operation: { ...nullable, description: 'What made it; null: it was there at the first list.' },
            valid_from: { type: 'string' },
            valid_to: { ...nullable, description: 'null: it still is so.' },
            images: {
              type: 'array',
              items: { type: 'string' },
              description: 'Of its containers, or of those of its pods.',
            },
          },
        },
      },
      now: { description: 'What it was at that time, with all that is known of it as `data`; null: it was not there.' },
      intervals: {
        type: 'array',
        items: { type: 'object', properties: resource },
        description:
          'What it was, the newest first: objects that had this name one after the other have different uids.',
      },
      owners: { ...related, description: 'At that time: its owner, the owner of that, and so on.' },
      owned: { ...related, description: 'At that time: what it owns, what these own, and so on.' },
      relations: {
        ...related,
        description: 'At that time: its node, images and namespace, the services that lead to it, the pods of a node.',
      },
      changes: {
        type: 'array',
        items: { type: 'object', properties: changeSchemas.ChangePage.properties.changes.items.properties },
        description: 'The last ones until then, the newest first.',
      },
      events: {
        type: 'array',
        items: { type: 'object' },
        description: 'What the cluster itself reported of it until then, the newest first.',
      },
    },
  },
} as const

interface Query extends PlaceQuery {
  readonly filter?: string
  readonly at?: string
  readonly node?: string
  readonly phase?: string
  readonly owner?: string
  readonly limit?: number
  readonly cursor?: string
}

const atParameter = {
  type: 'string',
  default: 'now',
  description: 'The time of the answer: `now-15m`, ISO 8601, or Unix milliseconds.',
} as const

const listSchema = {
  operationId: 'resources',
  summary: 'Objects of clusters as they were at a time',
  description:
    'By cluster, kind, namespace and name. The pages that cursors lead through are of the time of the first page.',
  querystring: {
    type: 'object',
    additionalProperties: false,
    properties: {
      filter: {
        type: 'string',
        maxLength: 65_536,
        description: 'Objects that match, as docs/explain/query.md has it. Every object when left out.',
        examples: ['kind = Pod and not phase = Running and label = "app=web"'],
      },
      ...placeParameters,
      at: atParameter,
      node: { type: 'string', maxLength: 4096, description: 'Nodes of pods, with commas.' },
      phase: { type: 'string', maxLength: 4096, description: 'Phases of pods, with commas.', examples: ['Running'] },
      owner: { type: 'string', maxLength: 4096, description: 'Names of owners, with commas.' },
      limit: { type: 'integer', minimum: 1, maximum: 1000, default: 100, description: 'Objects of a page.' },
      cursor: {
        type: 'string',
        maxLength: 4096,
        description: '`next` of the page before; all else must be the same, and `at` counts from the first page.',
      },
    },
  },
  response: { 200: { $ref: 'ResourcePage#' }, 400: { $ref: 'Problem#' }, 503: { $ref: 'Problem#' } },
} as const

const oneSchema = {
  operationId: 'resource',
  summary: 'An object: what it is and was, what it belongs to, its changes and events',
  querystring: {
    type: 'object',
    additionalProperties: false,
    required: ['ref'],
    properties: {
      ref: {
        type: 'string',
        minLength: 1,
        maxLength: 2000,
        description: 'The object: `k8s:<cluster>/<group>/<kind>/<namespace>/<name>`.',
        examples: ['k8s:prod-eu//Pod/shop/web-1'],
      },
      at: atParameter,
    },
  },
  response: {
    200: { $ref: 'Resource#' },
    400: { $ref: 'Problem#' },
    404: { $ref: 'Problem#' },
    503: { $ref: 'Problem#' },
  },
} as const

const order = ['cluster', 'kind', 'api_group', "coalesce(namespace, '')", 'name', 'uid']

export function resourceRoutes(app: FastifyInstance, context: ApiContext): void {
  const { host } = context
  app.get('/api/v1/resources', { schema: listSchema }, async (request, reply) => {
    const query = request.query as Query
    const [store, gone, limit] = [storeOf(context), goneWith(reply), query.limit ?? 100]
    const { bound } = filterOf(query.filter ?? '', 'resources')
    const conditions = [
      ...placeConditions(query, request.principal),
      ...among('node', query.node),
      ...among('phase', query.phase),
      ...among('owner_name', query.owner),
      ...found(query.text, ['name', 'namespace', 'kind', 'node', 'owner_name', 'CAST(labels AS VARCHAR)']),
      ...(bound.is === 'always' ? [] : [compileSql(bound)]),
    ]
    const question = fingerprintOf('resources', conditions)
    const after = query.cursor === undefined ? undefined : readPageCursor(query.cursor, question, 1, order.length)
    const at = after?.times[0] ?? moment(query.at ?? 'now', 'at', host.clock.now())
    const where = [asOf(at), ...conditions].join(' AND ')
    const behind = after === undefined ? '' : ` AND (${order.join(', ')}) > (${after.keys.map(text).join(', ')})`
    const [rows, totals] = await Promise.all([
      rowsOf(
        store,
        `SELECT ${resourceColumns} FROM resources WHERE ${where}${behind} ORDER BY ${order.join(', ')} LIMIT ${limit + 1}`,
        gone,
      ),
      after === undefined ? rowsOf(store, `SELECT count(*) AS n FROM resources WHERE ${where}`, gone) : undefined,
    ])
    if (rows === undefined || gone.aborted) return reply.hijack()
    const shown = rows.slice(0, limit)
    const last = shown.at(-1)
    const keys = ['cluster', 'kind', 'group', 'namespace', 'name', 'uid'].map((name) =>
      typeof last?.[name] === 'string' ? last[name] : '',
    )
    return answerJson(request, reply, {
      resources: shown,
      next: rows.length > limit ? writePageCursor({ question, times: [at], keys }) : null,
      at: isoOf(at),
      ...(totals === undefined ? {} : { total: Number(totals[0]?.['n']) }),
    })
  })

  app.get('/api/v1/resources/one', { schema: oneSchema }, async (request, reply) => {
    const { ref, at: written = 'now' } = request.query as { ref: string; at?: string }
    if (parseKubernetesRef(ref) === undefined)
      throw new ApiError('WEIR_API_INVALID', `"ref" names no object of a cluster: ${ref}.`, {
        hints: [
          'Write k8s:<cluster>/<group>/<kind>/<namespace>/<name>; parts that it does not have stay empty, as in k8s:prod//Node//worker-1.',
        ],
      })
    const at = moment(written, 'at', host.clock.now())
    const store = storeOf(context)
    const missing = new ApiError('WEIR_API_NOT_FOUND', `Nothing is known of ${ref}.`, {
      hints: ['GET /api/v1/resources lists what there is; what is older than the store keeps is gone.'],
    })
    // Whether there is something that may not be seen is not told.
    if (!mayName(request.principal, ref)) throw missing
    const known = await describeResource(
      {
        store,
        gone: goneWith(reply),
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
