import type { FastifyInstance } from 'fastify'
import { answerJson } from '../answer.ts'
import { savedPagePattern } from '../saved/pages.ts'
import type { ApiContext } from '../options.ts'
import { SavedBook, type SavedRequest } from '../saved/book.ts'
import type { SavedView } from '../saved/file.ts'
import { closed, list, object, problem, string } from '../json-schema.ts'

const id = {
  type: 'string',
  pattern: '^[A-Za-z0-9_-]{1,64}$',
  description: 'Chosen by the client; must be hard to guess if the view is private.',
} as const
const parameters = object({ id }, { required: ['id'] })

const properties = {
  name: { type: 'string', minLength: 1, maxLength: 120 },
  page: {
    type: 'string',
    maxLength: 2048,
    pattern: savedPagePattern,
    description: 'Path of a page of the console.',
    examples: ['/flows'],
  },
  search: {
    type: 'string',
    maxLength: 262_144,
    description: 'Query string of the page’s URL; it defines the whole view.',
  },
  shared: {
    type: 'boolean',
    default: false,
    description: 'Visible to all users; only the owner can change or delete it.',
  },
} as const

const before = {
  type: 'string',
  maxLength: 40,
  description: '`changed` of the version that this one replaces. If another was saved since, the status is 409.',
} as const

export const savedSchemas = {
  SavedView: object(
    {
      id,
      ...properties,
      owner: string,
      by: { type: 'string', description: 'Name of the owner.' },
      owned: { type: 'boolean', description: 'Whether the current user owns it.' },
      changed: { type: 'string', description: 'ISO 8601.' },
    },
    { required: ['id', 'name', 'page', 'search', 'shared', 'owner', 'by', 'owned', 'changed'] },
  ),
  SavedViews: object({ views: list({ $ref: 'SavedView#' }) }, { required: ['views'] }),
} as const

const refusals = {
  400: problem,
  403: problem,
  404: problem,
  503: problem,
} as const

export interface ShownView extends Omit<SavedView, 'changed' | 'by'> {
  readonly by: string
  readonly owned: boolean
  readonly changed: string
}

export function savedRoutes(app: FastifyInstance, { host }: ApiContext, folder: string | undefined): void {
  const book = new SavedBook(host, folder)
  const shown = ({ changed, ...view }: SavedView, user: string): ShownView => ({
    ...view,
    by: view.by ?? view.owner,
    owned: view.owner === user,
    changed: new Date(changed).toISOString(),
  })
  app.get(
    '/api/v1/saved',
    {
      schema: {
        operationId: 'listSaved',
        summary: 'Saved views: own and shared ones',
        response: { 200: { $ref: 'SavedViews#' }, 503: refusals[503] },
      },
    },
    async (request, reply) =>
      answerJson(request, reply, { views: (await book.list(request.user)).map((view) => shown(view, request.user)) }),
  )
  app.get(
    '/api/v1/saved/:id',
    {
      schema: {
        operationId: 'showSaved',
        summary: 'A saved view',
        params: parameters,
        response: { 200: { $ref: 'SavedView#' }, ...refusals },
      },
    },
    async (request, reply) =>
      answerJson(
        request,
        reply,
        shown(await book.find((request.params as { id: string }).id, request.user), request.user),
      ),
  )
  app.put(
    '/api/v1/saved/:id',
    {
      schema: {
        operationId: 'putSaved',
        summary: 'Create or change a saved view',
        description:
          'The view is on disk before the response. Only the owner can change it; names are unique per owner.',
        params: parameters,
        body: closed({ ...properties, before }, { required: ['name', 'page', 'search'] }),
        response: { 200: { $ref: 'SavedView#' }, ...refusals, 409: problem, 429: problem },
      },
    },
    async (request, reply) =>
      answerJson(
        request,
        reply,
        shown(
          await book.put(
            (request.params as { id: string }).id,
            request.user,
            request.body as SavedRequest,
            request.principal.name,
          ),
          request.user,
        ),
      ),
  )
  app.delete(
    '/api/v1/saved/:id',
    {
      schema: {
        operationId: 'deleteSaved',
        summary: 'Delete a saved view',
        params: parameters,
        response: {
          200: object({ deleted: string }, { required: ['deleted'] }),
          ...refusals,
        },
      },
    },
    async (request, reply) => {
      const { id: gone } = request.params as { id: string }
      await book.remove(gone, request.user)
      return answerJson(request, reply, { deleted: gone })
    },
  )
}
