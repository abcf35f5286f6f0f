import {
  auth,
  bytes,
  choice,
  Complaint,
  defineSchema,
  duration,
  flag,
  group,
  integer,
  leaseFields,
  list,
  mapping,
  secret,
  text,
  tls,
  urlText,
  variants,
  type ConfigOf,
} from '../../schema/index.ts'
import { isSecure } from '../../net/http/loopback.ts'

const pointer = { pattern: /(?:\/.*)?/, expects: 'a JSON pointer such as `/items`' } as const
const pages = {
  max_pages: integer(
    { description: 'Maximum number of pages in one poll; the next poll continues after them', default: 100 },
    { min: 1, max: 10_000 },
  ),
}

export const httpPollSchema = defineSchema({
  type: 'http-poll',
  role: 'source',
  summary: 'Polls an HTTP API, and emits each new record once',
  fields: {
    url: urlText(
      { description: 'Address to poll', required: true, example: 'https://api.example.com/v1/items' },
      { schemes: ['http', 'https'] },
    ),
    query: mapping(secret({ description: 'The value', required: true, example: 'env:API_KEY' }), {
      description: 'Secret parameters of the query, by name',
      default: {},
      example: { apikey: 'env:API_KEY' },
    }),
    headers: mapping(text({ description: 'The value', required: true, example: 'application/json' }), {
      description: 'Headers of each request, by name. Secrets belong to `auth`, `oauth2` or `query`',
      default: {},
      example: { accept: 'application/json' },
    }),
    auth,
    oauth2: group(
      {
        token_url: urlText(
          { description: 'Address of the token', required: true, example: 'https://login.example.com/token' },
          { schemes: ['http', 'https'] },
        ),
        client_id: text({ description: 'Id of the client', required: true, example: 'weir' }),
        client_secret: secret({ description: 'Secret of the client', required: true, example: 'env:CLIENT_SECRET' }),
        scope: text({ description: 'Scopes, separated by blanks', default: null, example: 'items.read' }),
      },
      {
        description: 'Token by the OAuth 2.0 client credentials grant, in place of `auth`',
        default: null,
        example: {
          token_url: 'https://login.example.com/token',
          client_id: 'weir',
          client_secret: 'env:CLIENT_SECRET',
        },
      },
    ),
    tls,
    every: duration(
      { description: 'Interval of polls; jitter shortens it by up to 10 %', default: '60s' },
      { min: '1s', max: '1d' },
    ),
    timeout: duration({ description: 'Timeout of one response', default: '30s' }, { min: '10ms', max: '10m' }),
    max_body: bytes({ description: 'Maximum size of one response', default: '16MiB' }, { min: '1KiB', max: '256MiB' }),
    format: choice(['json', 'lines', 'text'], {
      description: '`json`: records at `records`. `lines`: each line is a record. `text`: the response is one record',
      default: 'json',
    }),
    records: text(
      {
        description: 'JSON pointer to the record, or to the array of records. Empty: the whole response',
        default: '',
        example: '/items',
      },
      pointer,
    ),
    key: list(text({ description: 'A JSON pointer', required: true, example: '/id' }, pointer), {
      description:
        'JSON pointers to the values of a record that identify it: a known record is skipped. The empty pointer is ' +
        'the whole record. Unset: each poll emits all records',
      default: [],
      example: ['/id'],
    }),
    remember: integer(
      { description: 'Newest keys to remember across restarts', default: 5000 },
      { min: 100, max: 50_000 },
    ),
    paging: variants(
      {
        none: {},
        link: { ...pages },
        page: {
          parameter: text({ description: 'Parameter of the query', default: 'page' }),
          first: integer({ description: 'Number of the first page', default: 1 }, { min: 0 }),
          ...pages,
        },
        cursor: {
          parameter: text({ description: 'Parameter of the query', default: 'cursor' }),
          at: text(
            { description: 'JSON pointer to the cursor of the next page', required: true, example: '/next_cursor' },
            pointer,
          ),
          resume: flag({ description: 'Start each poll at the last cursor of the previous one', default: false }),
          ...pages,
        },
      },
      {
        description:
          'Further pages: header `Link` with `rel="next"`, page numbers until a page has no record, or a cursor ' +
          'in the response',
        default: { type: 'none' },
        example: { type: 'cursor', at: '/next_cursor' },
      },
    ),
    since: group(
      {
        parameter: text({ description: 'Parameter of the query', required: true, example: 'since' }),
        at: text({ description: 'JSON pointer in the record', required: true, example: '/updated_at' }, pointer),
        start: text({
          description: 'First value. Unset: the first poll has none',
          default: null,
          example: '2026-01-01',
        }),
      },
      {
        description: 'Parameter with the greatest value of a field of the records so far',
        default: null,
        example: { parameter: 'since', at: '/updated_at' },
      },
    ),
    event_type: text({ description: 'Type of the events', default: 'http.record' }),
    lease: leaseFields.lease,
  },
  check({ url, query, auth: login, oauth2, format, paging, since, records }) {
    const parameters = new URL(url).searchParams
    const twice = Object.keys(query).find((name) => parameters.has(name))
    if (twice !== undefined) return new Complaint(`\`url\` has the parameter \`${twice}\`, too`, undefined, ['query'])
    if (oauth2 !== null && login.type !== 'none')
      return new Complaint('`auth` and `oauth2` are set', 'keep one of them', ['oauth2'])
    const hasSecret = login.type !== 'none' || oauth2 !== null || Object.keys(query).length > 0
    if (hasSecret && !isSecure(url))
      return new Complaint('a secret would be sent over plain HTTP', 'write https://', ['url'])
    if (oauth2 !== null && !isSecure(oauth2.token_url))
      return new Complaint('the secret would be sent over plain HTTP', 'write https://', ['oauth2', 'token_url'])
    if (format === 'json') return null
    return paging.type === 'cursor' || since !== null || records !== ''
      ? new Complaint('`records`, `since` and cursors apply to JSON', 'set `format: json`', ['format'])
      : null
  },
})

export type HttpPollConfig = ConfigOf<typeof httpPollSchema>
