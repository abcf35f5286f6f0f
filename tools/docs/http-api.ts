import { startApi } from '../../src/api/index.ts'
import { RecordingControl } from '../../src/api/testing/recording-control.ts'
import { realHost } from '../../src/host/index.ts'
import { code, generatedHead, table, wrapped } from './markdown.ts'

interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly enum?: readonly unknown[]
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly additionalProperties?: Schema | boolean
  readonly oneOf?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
}

interface Content {
  readonly description?: string
  readonly content?: Readonly<Record<string, Readonly<{ schema?: Schema; description?: string }>>>
}

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly parameters: readonly Readonly<{ name: string; in: string; required?: boolean; schema: Schema }>[]
  readonly requestBody?: Content
  readonly responses: Readonly<Record<string, Content>>
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

const everywhere: Readonly<Record<string, string>> = {
  401: 'Authentication is required, or the token is unknown',
  403: 'The role, the namespaces, `Host` or `Origin` do not permit it',
  408: 'The request did not arrive in time',
  413: 'The body is too large',
  415: 'The media type or the encoding of the body is not supported',
  429: 'A limit is reached; `Retry-After` has the time to wait',
  431: 'The headers and the path together exceed 256 KiB',
}

export async function httpApiPage(): Promise<string> {
  const { paths, components } = await describedByItself()
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => operationText(method, path, operation)),
  )
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) => `### ${name}\n\n${paragraph(schema.description)}${properties(schema)}`,
  )
  return `${generatedHead('HTTP API', 'the routes of src/api')}\
\`GET /api/v1/openapi.json\` returns the OpenAPI 3.1 description from which this page is generated. If authentication is
required, each request needs \`Authorization: Bearer TOKEN\` or the session cookie of a browser. On loopback without
\`auth\` no authentication is required, and \`Host\` and \`Origin\` are verified. See [permissions](access.md).

Each operation can also return these statuses, with a [Problem](#problem); its own table omits them.

${table(['Status', 'Reason'], Object.entries(everywhere))}
${operations.join('\n')}
## Objects

${schemas.join('\n')}`
}

export async function describedByItself(): Promise<OpenApi> {
  const silent = () => {}
  const api = await startApi({
    listen: { host: '127.0.0.1', port: 0 },
    auth: { tokens: [] },
    httpAuth: 'api',
    host: realHost(),
    version: '0',
    control: new RecordingControl(),
    log: { debug: silent, info: silent, warn: silent, error: silent },
    limits: { closeMs: 200 },
  })
  try {
    return (await (await fetch(`${api.url}/api/v1/openapi.json`)).json()) as OpenApi
  } finally {
    await api.close()
  }
}

function operationText(
  method: string,
  path: string,
  { summary, description, parameters, requestBody, responses }: Operation,
): string {
  const parts = [
    `## ${method.toUpperCase()} ${path}`,
    wrapped(`${summary}.${description === undefined ? '' : ` ${description}`}`),
  ]
  if (parameters.length > 0) {
    parts.push(
      table(
        ['Parameter', 'In', 'Type', 'Meaning'],
        parameters.map(({ name, in: location, schema, required }) => [
          code(name),
          location,
          `${typeText(schema)}${required === true ? ', required' : ''}`,
          meaning(schema),
        ]),
      ),
    )
  }
  for (const [type, { schema, description: text }] of Object.entries(requestBody?.content ?? {})) {
    parts.push(wrapped(`Body ${code(type)}: ${text ?? typeText(schema)}`))
    if (schema?.properties !== undefined) parts.push(properties(schema))
  }
  parts.push(
    table(
      ['Status', 'Response', 'Body'],
      Object.entries(responses).flatMap(([status, answer]) =>
        status in everywhere
          ? []
          : [
              [
                status,
                answer.description ?? '',
                Object.entries(answer.content ?? {})
                  .map(([type, { schema }]) => `${code(type)} ${typeText(schema)}`)
                  .join('; '),
              ],
            ],
      ),
    ),
  )
  return parts.map((part) => `${part.trim()}\n`).join('\n')
}

function properties({ properties: all = {}, required = [] }: Schema): string {
  const rows = Object.entries(all).map(([name, schema]) => [
    code(name),
    `${typeText(schema)}${required.includes(name) ? ', required' : ''}`,
    meaning(schema),
  ])
  return rows.length === 0 ? '' : table(['Property', 'Type', 'Meaning'], rows)
}

function meaning({ description = '', default: otherwise }: Schema) {
  return `${description}${otherwise === undefined ? '' : ` Default: ${code(JSON.stringify(otherwise))}.`}`.trim()
}

function typeText(schema: Schema | undefined): string {
  if (schema === undefined) return ''
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1) ?? ''
    return `[${name}](#${name.toLowerCase()})`
  }
  const either = schema.oneOf ?? schema.anyOf
  if (either !== undefined) return either.map(typeText).join(' or ')
  if (schema.enum !== undefined) return schema.enum.map((value) => code(String(value))).join(' or ')
  if (schema.type === 'array') return `list of ${typeText(schema.items) || 'values'}`
  if (schema.type === 'object' && schema.properties !== undefined)
    return `object of ${Object.keys(schema.properties).map(code).join(', ')}`
  if (schema.type === 'object' && typeof schema.additionalProperties === 'object')
    return `map of name to ${typeText(schema.additionalProperties)}`
  return typeof schema.type === 'string' ? schema.type : (schema.type?.join(' or ') ?? '')
}

function paragraph(text: string | undefined) {
  return text === undefined ? '' : `${wrapped(text)}\n\n`
}
