import type { FastifyInstance } from 'fastify'
import { compileSql, dialectOf, type Dialect } from '../../query/index.ts'
import { isoOf } from '../../query/plan/index.ts'
import { answerJson } from '../answer.ts'
import { filterOf } from '../../topics/filter-text.ts'
import { describeCloudResource } from '../inventory.ts'
import { facetsOf, facetsSql, inventoryFacets, type FacetRow } from '../inventory-facets.ts'
import { closed, list, nullable, object, pageOf, problem, refusals, string } from '../json-schema.ts'
import { objectPage } from '../object-page.ts'
import { among, asOf, textConditions } from '../../topics/conditions.ts'
import { atParameter } from '../../topics/schema.ts'
import { moment } from '../../topics/time-span.ts'
import type { ApiContext } from '../options.ts'
import { ApiError } from '../problems.ts'
import { listOf } from '../../topics/comma-list.ts'
import { abortOnDisconnect, requireStore, rowsOf } from '../store-query.ts'

const number = { type: ['number', 'null'] } as const
const texts = list(string)

const resource = {
  ...Object.fromEntries(['provider', 'account', 'region', 'type', 'id', 'name', 'state'].map((name) => [name, string])),
  ...Object.fromEntries(['parent', 'raw_state', 'size'].map((name) => [name, nullable])),
  ...Object.fromEntries(
    ['cpu_cores', 'gpus', 'memory_bytes', 'disk_bytes', 'nodes', 'cost_per_hour'].map((name) => [name, number]),
  ),
  created: nullable,
  currency: nullable,
  attached_to: list(string, { description: 'Ids of resources; empty: none, or not stated.' }),
  addresses: texts,
  tags: { description: 'An object, or null.' },
  attributes: { description: 'An object, or null.' },
  finding: { ...nullable, description: 'detached, unused, no_targets, stopped, old_snapshot or untagged.' },
  first_seen: string,
  last_change: nullable,
  ref: string,
} as const

const columns = Object.keys(resource).join(', ')
const decimal = { type: 'string', description: 'Exact decimal.' } as const

export const inventorySchemas = {
  InventoryPage: pageOf('resources', object(resource)),
  InventoryFacets: object(
    {
      at: { type: 'string', description: 'Time of the state.' },
      total: { type: 'integer', description: 'Number of resources.' },
      costs: list(object({ currency: string, per_hour: decimal }), {
        description: 'Sums of prices of an hour. Different currencies are never added.',
      }),
      facets: {
        type: 'object',
        description: 'Values with their number of resources, most first, that the other parameters select.',
        additionalProperties: list(object({ value: string, resources: { type: 'integer' } })),
      },
    },
    { required: ['at', 'total', 'costs', 'facets'] },
  ),
  InventoryResource: object(
    {
      ref: string,
      at: string,
      now: { description: 'State at that time, with all known properties in `data`; null: it did not exist.' },
      changes: list(
        object({
          time: string,
          operation: string,
          state: nullable,
          changes: { description: 'Path, old and new value; null: none.' },
          actor: {
            ...nullable,
            description: 'Actor of the last audit event in the 15 minutes before, since the change before.',
          },
          audit: { ...nullable, description: 'Id of the audit event.' },
        }),
        { description: 'Creations, changes and deletions before that time, newest first.' },
      ),
      relations: list(object({ relation: string, from: string, to: string, valid_from: string, valid_to: nullable }), {
        description: 'At that time: attached resources, its cluster, node, addresses and services.',
      }),
      audit: list({ type: 'object' }, { description: 'Audit events with its id before that time, newest first.' }),
      costs: {
        description: 'Costs of the 30 days before, by currency; null: the store has no sums of costs.',
        type: ['array', 'null'],
        items: object({ currency: string, billed: decimal }),
      },
      traffic: {
        description: 'Bytes of its Kubernetes node in the hour before that time; null: it is no node.',
        type: ['object', 'null'],
        properties: { node: string, sent: string, received: string },
      },
    },
    { required: ['ref', 'at', 'now', 'changes', 'relations', 'audit', 'costs', 'traffic'] },
  ),
} as const

const names = { type: 'string', maxLength: 4096 } as const

export interface InventoryQuery {
  readonly filter?: string
  readonly at?: string
  readonly provider?: string
  readonly account?: string
  readonly region?: string
  readonly type?: string
  readonly state?: string
  readonly finding?: string
  readonly text?: string
  readonly limit?: number
  readonly cursor?: string
}

export const selection = {
  filter: {
    type: 'string',
    maxLength: 65_536,
    description: 'Filter (see `weir help filters`). Unset: every resource.',
    examples: ['type = volume and exists(finding) and tag = "team=shop"'],
  },
  at: atParameter,
  provider: { ...names, description: 'Providers, comma-separated.', examples: ['exoscale'] },
  account: { ...names, description: 'Accounts, comma-separated.' },
  region: { ...names, description: 'Regions, comma-separated.' },
  type: { ...names, description: 'Types, comma-separated.', examples: ['instance,volume'] },
  state: { ...names, description: 'States, comma-separated.', examples: ['stopped'] },
  finding: { ...names, description: 'Findings, comma-separated.', examples: ['detached,unused'] },
  text: { type: 'string', maxLength: 500, description: 'Text to search; case-insensitive.', examples: ['web'] },
} as const

const listSchema = {
  operationId: 'inventory',
  summary: 'Resources of clouds as of a time',
  description: 'Sorted by provider, account, region, type, name and id. All pages show the time of the first page.',
  querystring: closed({
    ...selection,
    limit: { type: 'integer', minimum: 1, maximum: 1000, default: 100, description: 'Maximum resources of a page.' },
    cursor: {
      ...names,
      description:
        '`next` of the previous page. All other parameters must be the same; `at` is that of the first page.',
    },
  }),
  response: { 200: { $ref: 'InventoryPage#' }, ...refusals },
} as const

const facetsSchema = {
  operationId: 'inventoryFacets',
  summary: 'Numbers of resources by provider, account, region, type, state and finding',
  querystring: closed(selection),
  response: { 200: { $ref: 'InventoryFacets#' }, ...refusals },
} as const

const oneSchema = {
  operationId: 'inventoryResource',
  summary: 'One resource of a cloud: state, changes with their actors, relations, costs and traffic',
  querystring: closed(
    {
      ref: {
        type: 'string',
        minLength: 1,
        maxLength: 2000,
        description: 'The resource: `<provider>:<account>/<region>/<type>/<id>`.',
        examples: ['aws:123456789012/eu-central-1/instance/i-0abc'],
      },
      at: atParameter,
    },
    { required: ['ref'] },
  ),
  response: { 200: { $ref: 'InventoryResource#' }, ...refusals, 404: problem },
} as const

const order = ['provider', 'account', 'region', 'type', 'name', 'id'] as const

export function conditionsOf({ filter = '', text }: InventoryQuery, dialect: Dialect): readonly string[] {
  const { bound } = filterOf(filter, 'inventory')
  return [
    ...textConditions(dialect, text, [...order, 'size', dialect.asText('tags')]),
    ...(bound.is === 'always' ? [] : [compileSql(bound, { dialect })]),
  ]
}

export function inventoryRoutes(app: FastifyInstance, context: ApiContext): void {
  const { host } = context
  app.get('/api/v1/inventory', { schema: listSchema }, async (request, reply) => {
    const query = request.query as InventoryQuery
    const [store, disconnected] = [requireStore(context), abortOnDisconnect(reply)]
    const dialect = dialectOf(store)
    const conditions = [
      ...inventoryFacets.flatMap((name) => among(dialect, name, query[name])),
      ...conditionsOf(query, dialect),
    ]
    const page = { view: 'inventory', columns, conditions, order, keys: order } as const
    const body = await objectPage(query, page, { store, now: host.clock.now(), disconnected })
    return body === undefined ? reply.hijack() : answerJson(request, reply, body)
  })

  app.get('/api/v1/inventory/facets', { schema: facetsSchema }, async (request, reply) => {
    const query = request.query as InventoryQuery
    const [store, disconnected] = [requireStore(context), abortOnDisconnect(reply)]
    const dialect = dialectOf(store)
    const at = moment(query.at ?? 'now', 'at', host.clock.now())
    const where = [asOf(at, dialect), ...conditionsOf(query, dialect)].join(' AND ')
    const rows = await rowsOf(store, facetsSql(where), disconnected)
    if (rows === undefined || disconnected.aborted) return reply.hijack()
    const selected = Object.fromEntries(
      inventoryFacets.flatMap((name) => (query[name] === undefined ? [] : [[name, listOf(query[name])]])),
    )
    return answerJson(request, reply, { at: isoOf(at), ...facetsOf(rows as FacetRow[], selected) })
  })

  app.get('/api/v1/inventory/one', { schema: oneSchema }, async (request, reply) => {
    const { ref, at: written = 'now' } = request.query as { ref: string; at?: string }
    const at = moment(written, 'at', host.clock.now())
    const store = requireStore(context)
    const known = await describeCloudResource({ store, disconnected: abortOnDisconnect(reply), columns }, ref, at)
    if (known === 'gone') return reply.hijack()
    if (known === undefined)
      throw new ApiError('WEIR_API_NOT_FOUND', `${ref} is unknown.`, {
        hints: ['GET /api/v1/inventory lists resources; expired ones are deleted.'],
      })
    return answerJson(request, reply, { ref, at: isoOf(at), ...known })
  })
}
