import {
  auth,
  bytes,
  choice,
  Complaint,
  defineSchema,
  flag,
  secret,
  text,
  tls,
  urlText,
  type ConfigOf,
  headersComplaint,
  plainUrlComplaint,
  headersField,
  sendTimeout,
} from '../../schema/index.ts'

export const elasticsearchSchema = defineSchema({
  type: 'elasticsearch',
  role: 'sink',
  summary: 'Stores events and flows as documents in Elasticsearch or OpenSearch, each once',
  fields: {
    url: urlText(
      { description: 'Base URL of the server', required: true, example: 'https://elasticsearch-master:9200' },
      { schemes: ['http', 'https'] },
    ),
    index: text({
      description:
        'Index or data stream of a row. `%Y`, `%m`, `%d`, `%H` are from the time of the row in UTC. `{{name}}` is a ' +
        'label or a member of its data, else `family`, `source`, `type` or `subject`; `none` if it is absent',
      default: 'weir-{{family}}-%Y.%m.%d',
      example: 'coinbase-%Y.%m.%d',
      usual: true,
    }),
    data_stream: flag({
      description: '`index` is the name of a data stream, which needs an index template',
      default: false,
    }),
    template: flag({
      description: 'Create the index template of the data stream if it does not exist',
      default: true,
    }),
    document: choice(['event', 'data', 'telegraf'], {
      description:
        'Form of a document, always with `@timestamp`. `event`: a CloudEvent. `data`: the members of its JSON data. ' +
        '`telegraf`: `measurement_name`, `tag`, and the fields under the name of the measurement',
      default: 'event',
    }),
    id: choice(['event', 'row'], {
      description:
        'Identity of a document. `event`: source and id of the event, so that an event which arrives twice is stored ' +
        'once. `row`: the row in the journal',
      default: 'event',
    }),
    compression: choice(['gzip', 'none'], { description: 'Compression of requests', default: 'gzip' }),
    request_bytes: bytes(
      { description: 'Maximum size of the documents in one request, before compression', default: '8MiB' },
      { min: '1KiB', max: '64MiB' },
    ),
    headers: headersField(),
    timeout: sendTimeout('30s'),
    auth,
    api_key: secret({
      description: 'API key in its encoded form. Unset: `auth` is used',
      default: null,
      example: 'file:/run/secrets/elasticsearch',
    }),
    tls,
  },
  check({ url, index, data_stream, headers, auth: login, api_key, tls: tlsSettings }) {
    const problem = indexProblem({ index, data_stream })
    if (problem !== undefined) return new Complaint(problem[0], problem[1], ['index'])
    const header = headersComplaint(headers, reserved)
    if (header !== null) return header
    if (api_key !== null && login.type !== 'none')
      return new Complaint('`api_key` and `auth` are both set', 'remove one', ['api_key'])
    return plainUrlComplaint({ url, tls: tlsSettings })
  },
})

const reserved = /^(?:content-(?:type|length|encoding)|authorization|host|connection|transfer-encoding)$/i

function indexProblem({
  index,
  data_stream: isStream,
}: Readonly<{ index: string; data_stream: boolean }>): readonly [string, string] | undefined {
  const rest = index.replaceAll(/\{\{[\w.@-]+\}\}/g, 'x').replaceAll(/%[YmdH]/g, '0')
  if (rest.includes('%') || rest.includes('{'))
    return [`\`${index}\` has an unknown placeholder`, 'use %Y, %m, %d, %H or {{name}}']
  if (!/^[a-z0-9.][^A-Z\\/*?"<>| ,#:]*$/.test(rest) || rest.length > 200)
    return [`\`${index}\` can't be the name of an index`, 'names have lower-case letters, digits, `.`, `_` and `-`']
  return isStream && index.includes('%')
    ? ['a data stream has no date in its name', 'remove the date; the server rolls the data stream over']
    : undefined
}

export type ElasticsearchConfig = ConfigOf<typeof elasticsearchSchema>
