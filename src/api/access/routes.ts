import type { FastifyInstance, FastifyRequest } from 'fastify'
import { answerJson } from '../answer.ts'
import { checkOwnPage } from './guard.ts'
import type { ApiContext } from '../options.ts'
import { cookieOf, isSecure, sessionCookie, setCookie } from './cookies.ts'
import type { Gate } from './gate.ts'
import type { Principal } from './principal.ts'
import { problem } from '../openapi/json-schema.ts'
import { typed } from '../request/typed.ts'
import { LoggedOut, LoginRequest, Logins, Me } from './schema.ts'

export const accessSchemas = { Me, Logins } as const

const me = ({ name, role, namespaces, login: how }: Principal): Me => ({
  name,
  role,
  namespaces: namespaces ?? null,
  login: how,
})

export function accessRoutes(app: FastifyInstance, { log }: ApiContext, gate: Gate): void {
  const routes = typed(app)
  routes.get(
    '/api/v1/me',
    {
      schema: {
        operationId: 'me',
        summary: 'The current user and permissions',
        response: { 200: { $ref: 'Me#' }, 401: problem },
      },
    },
    async (request, reply) => answerJson(request, reply, me(request.principal)),
  )

  routes.get(
    '/api/v1/login',
    {
      schema: { operationId: 'logins', summary: 'Sign-in methods', response: { 200: { $ref: 'Logins#' } } },
    },
    async (request, reply) =>
      answerJson(request, reply, { needed: gate.loginNeeded, token: !gate.tokens.empty, oidc: gate.hasProvider }),
  )

  routes.post(
    '/api/v1/login',
    {
      schema: {
        operationId: 'login',
        summary: 'Sign a browser in with a token',
        description:
          'The session is a cookie that scripts cannot read. Requests that change anything must originate ' +
          'from a page of this server. After too many failed attempts the status is 429 with Retry-After.',
        body: LoginRequest,
        response: {
          200: { $ref: 'Me#' },
          401: problem,
          403: problem,
          429: problem,
        },
      },
    },
    async (request, reply) => {
      if (!gate.loginNeeded) return answerJson(request, reply, me(request.principal))
      if (fromBrowser(request)) checkOwnPage(request.raw)
      const principal = gate.logIn(request.raw, request.body.token)
      finish(request, gate)
      const id = await gate.beginSession(principal)
      log.info('A user signed in.', { name: principal.name, how: 'token' })
      setCookie(reply, sessionCookie, id, {
        secure: isSecure(request.raw),
        sameSite: 'Strict',
        path: '/',
        seconds: gate.sessionSeconds,
      })
      return answerJson(request, reply, me(principal))
    },
  )

  routes.post(
    '/api/v1/logout',
    {
      schema: {
        operationId: 'logout',
        summary: 'End the session of a browser',
        response: {
          200: LoggedOut,
          403: problem,
        },
      },
    },
    async (request, reply) => {
      if (fromBrowser(request)) checkOwnPage(request.raw)
      const proof = finish(request, gate)
      setCookie(reply, sessionCookie, '', { secure: isSecure(request.raw), sameSite: 'Strict', path: '/', seconds: 0 })
      return answerJson(request, reply, { redirect: proof?.logoutUrl ?? null })
    },
  )
}

function fromBrowser({ headers }: FastifyRequest) {
  return headers.origin !== undefined || headers['sec-fetch-site'] !== undefined || headers.cookie !== undefined
}

function finish(request: FastifyRequest, gate: Gate): ReturnType<Gate['sessions']['finish']> {
  const id = cookieOf(request.raw, sessionCookie)
  return id === undefined ? undefined : gate.sessions.finish(id)
}
