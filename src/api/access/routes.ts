import type { FastifyInstance, FastifyRequest } from 'fastify'
import { answerJson } from '../answer.ts'
import { checkOwnPage } from '../guard.ts'
import type { ApiContext } from '../options.ts'
import { cookieOf, isSecure, sessionCookie, setCookie } from './cookies.ts'
import type { Gate } from './gate.ts'
import { roles, type Principal } from './principal.ts'
import { closed, object, problem, string } from '../json-schema.ts'

const login = {
  type: 'string',
  enum: ['none', 'token', 'oidc'],
  description: 'How the request was authenticated; `none` if no sign-in is required.',
} as const

export const accessSchemas = {
  Me: object(
    {
      name: string,
      role: { type: 'string', enum: roles },
      namespaces: {
        type: ['array', 'null'],
        items: string,
        description: 'Namespaces with visible flows; null: all.',
      },
      login,
    },
    { required: ['name', 'role', 'namespaces', 'login'] },
  ),
  Logins: object(
    {
      needed: { type: 'boolean', description: 'Whether a sign-in is required.' },
      token: { type: 'boolean', description: 'Sign in with a token: POST /api/v1/login.' },
      oidc: { type: 'boolean', description: 'Sign in through an identity provider: open /api/v1/login/oidc.' },
    },
    { required: ['needed', 'token', 'oidc'] },
  ),
} as const

const me = ({ name, role, namespaces, login: how }: Principal): object => ({
  name,
  role,
  namespaces: namespaces ?? null,
  login: how,
})

export function accessRoutes(app: FastifyInstance, { log }: ApiContext, gate: Gate): void {
  app.get(
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

  app.get(
    '/api/v1/login',
    {
      schema: { operationId: 'logins', summary: 'Sign-in methods', response: { 200: { $ref: 'Logins#' } } },
    },
    async (request, reply) =>
      answerJson(request, reply, { needed: gate.loginNeeded, token: !gate.tokens.empty, oidc: gate.hasProvider }),
  )

  app.post(
    '/api/v1/login',
    {
      schema: {
        operationId: 'login',
        summary: 'Sign a browser in with a token',
        description:
          'The session is a cookie that scripts cannot read. Requests that change anything must originate ' +
          'from a page of this server. After too many failed attempts the status is 429 with Retry-After.',
        body: closed({ token: { type: 'string', minLength: 1, maxLength: 4096 } }, { required: ['token'] }),
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
      const principal = gate.logIn(request.raw, (request.body as { token: string }).token)
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

  app.post(
    '/api/v1/logout',
    {
      schema: {
        operationId: 'logout',
        summary: 'End the session of a browser',
        response: {
          200: object(
            {
              redirect: {
                type: ['string', 'null'],
                description: 'URL to open so that the identity provider ends its session, too.',
              },
            },
            { required: ['redirect'] },
          ),
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
