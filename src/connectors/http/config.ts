import {
  auth,
  choice,
  Complaint,
  defineSchema,
  duration,
  integer,
  list,
  mapping,
  messageCodec,
  text,
  tls,
  urlText,
  type ConfigOf,
} from '../../schema/index.ts'

export const httpSchema = defineSchema({
  type: 'http',
  role: 'sink',
  summary: 'Posts events as CloudEvents to an HTTP server, such as a Knative broker',
  fields: {
    url: urlText(
      {
        description: 'Where events are posted',
        required: true,
        example: 'http://broker-ingress.knative-eventing.svc.cluster.local/default/default',
      },
      { schemes: ['http', 'https'] },
    ),
    mode: choice(['binary', 'structured', 'batched', 'protobuf', 'protobuf-batched'], {
      description:
        'One event per request with its attributes as headers, one event in JSON, or many in one JSON array; the last two are one event, and many, in protobuf',
      default: 'binary',
    }),
    request_events: integer(
      { description: 'Most events in one request; only in the batched modes', unit: 'events', default: 100 },
      { min: 1, max: 100_000 },
    ),
    ...messageCodec,
    concurrency: integer(
      {
        description: 'Most requests under way at once; events of one key still go one after the other',
        unit: 'requests',
        default: 16,
      },
      { min: 1, max: 1024 },
    ),
    timeout: duration(
      { description: 'How long one request may take; a send ends at the latest after twice this', default: '10s' },
      { min: '10ms' },
    ),
    retry_statuses: list(integer({ description: 'A status', required: true, example: 404 }, { min: 400, max: 499 }), {
      description:
        'Answers, beside 401, 403, 407, 408, 425, 429 and 5xx, after which an event is sent again instead of being a dead letter',
      default: [],
      example: [404, 409],
    }),
    headers: mapping(text({ description: 'Value of a header', required: true, example: 'edge' }), {
      description: 'Further headers of every request',
      default: {},
      example: { 'x-site': 'edge' },
    }),
    extensions: mapping(text({ description: 'Value of an extension', required: true, example: 'edge' }), {
      description: 'CloudEvents extensions to set on every event, in place of its own',
      default: {},
      example: { site: 'edge' },
    }),
    auth,
    tls,
  },
  check({ extensions, headers, url, tls: tlsSettings }) {
    const extension = Object.keys(extensions).find((name) => !/^[a-z0-9]+$/.test(name) || reserved.has(name))
    if (extension !== undefined) {
      return new Complaint(
        `\`${extension}\` can't be an extension`,
        'extensions are named with a-z and 0-9, and not like an attribute of the standard',
        ['extensions', extension],
      )
    }
    const header = Object.keys(headers).find(
      (name) =>
        !/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name) ||
        /^(?:ce-.*|content-type|content-length|host|connection|transfer-encoding)$/i.test(name),
    )
    if (header !== undefined)
      return new Complaint(`\`${header}\` can't be set here`, 'it is no header name, or the sink sets it itself', [
        'headers',
        header,
      ])
    return tlsSettings !== null && url.startsWith('http:')
      ? new Complaint('`tls` is set, but the URL is plain http', 'write https://', ['url'])
      : null
  },
})

const reserved = new Set([
  'id',
  'source',
  'type',
  'specversion',
  'time',
  'subject',
  'datacontenttype',
  'dataschema',
  'data',
])

export type HttpConfig = ConfigOf<typeof httpSchema>
