/** OpenAPI 3.1 (JSON Schema 2020-12) from registered routes. */
import type { RouteOptions } from 'fastify'
import { sessionCookie } from '../access/cookies.ts'
import { accessRules } from '../access/decisions.ts'
import { integer, list, object, problem, string } from './json-schema.ts'

type Json = { readonly [name: string]: unknown }

export type DescribedRoute = Readonly<{
  method: string
  url: string
  schema: Json
}>

export const errorItem = object(
  {
    from: integer,
    to: integer,
    message: string,
    hint: string,
  },
  { required: ['from', 'to', 'message'] },
)

export const problemSchema = object(
  {
    type: string,
    title: string,
    status: integer,
    detail: string,
    code: { type: 'string', description: 'Stable name for programs.' },
    hints: list(string, { description: 'Advice to the user.' }),
    query_id: {
      type: 'string',
      description: 'Id of the request in the server log; also in the header X-Query-Id of every response.',
    },
    errors: list(errorItem, { description: 'For filters: each error with its position in the text, in UTF-16 units.' }),
  },
  { required: ['type', 'title', 'status', 'detail', 'code', 'hints'], description: 'RFC 9457 problem details.' },
)

const statusText: Readonly<Record<string, string>> = {
  200: 'Done',
  400: 'Not valid',
  401: 'Authentication required',
  403: 'Not allowed',
  404: 'Not found',
  408: 'The request did not arrive in time',
  409: 'Changed or in use meanwhile',
  413: 'Too large',
  415: 'Media type not supported',
  422: 'Understood, but rejected',
  429: 'Limit reached; retry after the time in Retry-After',
  431: 'Headers or path too large',
  503: 'Temporarily unavailable; retry',
  504: 'The query needs more than its time limit',
}

/** With the statuses that precede a handler: of HTTP, of the checks of Host and Origin, and of authentication. */
export function responsesOf({ method, schema }: DescribedRoute): Json {
  const responses = schema['response'] as Json
  const open = accessRules[String(schema['operationId'])]?.access === 'open'
  const before = [
    400,
    403,
    408,
    431,
    ...(open ? [] : [401, 429]),
    ...(method === 'GET' || method === 'OPTIONS' ? [] : [413, 415]),
  ]
  return { ...Object.fromEntries(before.map((status) => [String(status), problem])), ...responses }
}

export function describedRoute(route: RouteOptions): DescribedRoute[] {
  const schema = route.schema as Json | undefined
  if (schema?.['summary'] === undefined) return []
  return [route.method].flat().map((method) => ({ method, url: route.url, schema }))
}

export function openApi(
  routes: readonly DescribedRoute[],
  schemas: Json,
  { version, login }: Readonly<{ version: string; login: boolean }>,
): Json {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    const path = route.url.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Weir',
      version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description: 'All data that Weir receives, stored and live.',
    },
    servers: [{ url: '/' }],
    ...(login ? { security: [{ bearer: [] }, { session: [] }] } : {}),
    paths,
    components: {
      schemas: rewritten({ Problem: problemSchema, ...schemas }),
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'A token of `auth.tokens`; not needed on a loopback address without `auth`.',
        },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: sessionCookie,
          description: 'Session cookie of a browser after sign-in.',
        },
      },
    },
  }
}

function operation(route: DescribedRoute): Json {
  const { schema, url } = route
  const { operationId, summary, description, body } = schema
  const path = Object.entries(propertiesOf(schema['params'])).map(([name, inner]) => ({
    name,
    in: 'path',
    required: true,
    schema: inner,
  }))
  const query = Object.entries(propertiesOf(schema['querystring'])).map(([name, inner]) => ({
    name,
    in: 'query',
    schema: inner,
  }))
  const headers = Object.entries(propertiesOf(schema['headers'])).map(([name, inner]) => ({
    name,
    in: 'header',
    schema: inner,
  }))
  const optional = body !== undefined && (body as Json)['required'] === undefined
  return rewritten({
    operationId,
    summary,
    ...(description === undefined ? {} : { description }),
    parameters: [...path, ...query, ...headers],
    ...(body === undefined
      ? eventBody(url, operationId)
      : { requestBody: { required: !optional, content: { 'application/json': { schema: body } } } }),
    responses: Object.fromEntries(
      Object.entries(responsesOf(route)).map(([status, answer]) => [status, response(status, answer as Json)]),
    ),
  }) as Json
}

function eventBody(url: string, operationId: unknown): Json {
  if (url !== '/events' || operationId !== 'postEvents') return {}
  const event = { type: 'object', required: ['specversion', 'id', 'source', 'type'] } as const
  return {
    requestBody: {
      required: true,
      content: {
        'application/cloudevents+json': { schema: event },
        'application/cloudevents-batch+json': { schema: list(event) },
        'application/cloudevents+protobuf': {
          schema: { type: 'string', format: 'binary' },
          description: 'An io.cloudevents.v1.CloudEvent.',
        },
        'application/cloudevents-batch+protobuf': {
          schema: { type: 'string', format: 'binary' },
          description: 'An io.cloudevents.v1.CloudEventBatch.',
        },
        '*/*': { schema: {}, description: 'Binary mode: attributes in ce-* headers, data unchanged.' },
      },
    },
  }
}

function response(status: string, answer: Json): Json {
  const description = statusText[status] ?? 'Answer'
  if ('content' in answer || (Object.keys(answer).length === 1 && 'description' in answer))
    return { description, ...answer }
  const type = answer['$ref'] === 'Problem#' ? 'application/problem+json' : 'application/json'
  return { description, content: { [type]: { schema: answer } } }
}

function propertiesOf(schema: unknown) {
  return ((schema as Json | undefined)?.['properties'] as Json | undefined) ?? {}
}

/** `Name#` becomes an OpenAPI component. */
function rewritten(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rewritten)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) =>
      key === '$ref' && typeof inner === 'string'
        ? [key, `#/components/schemas/${inner.replace(/#$/, '')}`]
        : [key, rewritten(inner)],
    ),
  )
}
