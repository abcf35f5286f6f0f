import type { FastifyInstance } from 'fastify'
import { SavedBook, shownView } from '../../topics/saved/book.ts'
import { DeletedView, SavedParameters, SavedRequest, SavedView, SavedViews } from '../../topics/saved/schema.ts'
import { answerJson } from '../answer.ts'
import { problem } from '../openapi/json-schema.ts'
import type { ApiContext } from '../options.ts'
import { typed } from '../request/typed.ts'

export const savedSchemas = { SavedView, SavedViews } as const

const refusals = {
  400: problem,
  403: problem,
  404: problem,
  503: problem,
} as const

const listSchema = {
  operationId: 'listSaved',
  summary: 'Saved views: own and shared ones',
  response: { 200: { $ref: 'SavedViews#' }, 503: refusals[503] },
} as const

const showSchema = {
  operationId: 'showSaved',
  summary: 'A saved view',
  params: SavedParameters,
  response: { 200: { $ref: 'SavedView#' }, ...refusals },
} as const

const putSchema = {
  operationId: 'putSaved',
  summary: 'Create or change a saved view',
  description: 'The view is on disk before the response. Only the owner can change it; names are unique per owner.',
  params: SavedParameters,
  body: SavedRequest,
  response: { 200: { $ref: 'SavedView#' }, ...refusals, 409: problem, 429: problem },
} as const

const deleteSchema = {
  operationId: 'deleteSaved',
  summary: 'Delete a saved view',
  params: SavedParameters,
  response: { 200: DeletedView, ...refusals },
} as const

export function savedRoutes(app: FastifyInstance, { host }: ApiContext, folder: string | undefined): void {
  const book = new SavedBook(host, folder)
  const routes = typed(app)
  routes.get('/api/v1/saved', { schema: listSchema }, async (request, reply) =>
    answerJson(request, reply, {
      views: (await book.list(request.user)).map((view) => shownView(view, request.user)),
    }),
  )
  routes.get('/api/v1/saved/:id', { schema: showSchema }, async (request, reply) =>
    answerJson(request, reply, shownView(await book.find(request.params.id, request.user), request.user)),
  )
  routes.put('/api/v1/saved/:id', { schema: putSchema }, async (request, reply) => {
    const { params, user, body, principal } = request
    return answerJson(request, reply, shownView(await book.put(params.id, user, body, principal.name), user))
  })
  routes.delete('/api/v1/saved/:id', { schema: deleteSchema }, async (request, reply) => {
    await book.remove(request.params.id, request.user)
    return answerJson(request, reply, { deleted: request.params.id })
  })
}
