import type { FastifyInstance } from 'fastify'
import type { ApiContext } from '../../options.ts'
import { ApiError } from '../../problems.ts'
import type { Gate } from '../gate.ts'
import type { Oidc } from './index.ts'
import { problem, string } from '../../openapi/json-schema.ts'
import { typed } from '../../request/typed.ts'
import { OidcCallbackParameters, OidcLoginParameters } from '../schema.ts'

export const loginPath = '/api/v1/login/oidc'
export const callbackPath = `${loginPath}/callback`

const page = {
  description: 'A page that explains the reason.',
  content: { 'text/html': { schema: string } },
} as const

export function oidcRoutes(app: FastifyInstance, { log }: ApiContext, gate: Gate, oidc: Oidc | undefined): void {
  const routes = typed(app)
  const provider = () => {
    if (oidc !== undefined) return oidc
    throw new ApiError('WEIR_API_NOT_FOUND', 'No identity provider is configured.', {
      hints: ['Configure `auth.oidc`.', 'GET /api/v1/login lists the sign-in methods.'],
    })
  }
  routes.get(
    loginPath,
    {
      schema: {
        operationId: 'loginOidc',
        summary: 'Sign a browser in through the identity provider',
        description: 'To be opened in a browser: it redirects to the provider and back.',
        querystring: OidcLoginParameters,
        response: {
          200: { description: 'Never.' },
          302: { description: 'To the provider.' },
          404: problem,
          503: problem,
        },
      },
    },
    (request, reply) => provider().begin(request, reply, request.query.to, log),
  )

  routes.get(
    callbackPath,
    {
      schema: {
        operationId: 'loginOidcCallback',
        summary: 'Redirect target of the identity provider',
        querystring: OidcCallbackParameters,
        response: {
          200: { description: 'Never.' },
          303: { description: 'To the console.' },
          400: page,
          403: page,
          404: problem,
        },
      },
    },
    (request, reply) => provider().finish(request, reply, request.query, gate, log),
  )
}
