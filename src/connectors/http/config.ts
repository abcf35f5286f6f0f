import {
  auth,
  choice,
  Complaint,
  defineSchema,
  integer,
  list,
  mapping,
  messageCodec,
  text,
  tls,
  urlText,
  type ConfigOf,
  headersComplaint,
  plainUrlComplaint,
  headersField,
  sendTimeout,
} from '../../schema/index.ts'

export const httpSchema = defineSchema({
  type: 'http',
  role: 'sink',
  summary: 'Posts events as CloudEvents to an HTTP server, such as a Knative broker',
  fields: {
    url: urlText(
      {
        description: 'URL to post events to',
        required: true,
        example: 'http://broker-ingress.knative-eventing.svc.cluster.local/default/default',
      },
      { schemes: ['http', 'https'] },
    ),
    mode: choice(['binary', 'structured', 'batched', 'protobuf', 'protobuf-batched'], {
      description:
        'HTTP content mode. `binary`: one event with its attributes as headers. `structured`: one event in ' +
        'JSON. `batched`: many in a JSON array. The `protobuf` modes are one or many events in protobuf',
      default: 'binary',
    }),
    request_events: integer(
      { description: 'Maximum events in one request, in the batched modes', unit: 'events', default: 100 },
      { min: 1, max: 100_000 },
    ),
    template: choice(['none', 'slack', 'teams', 'alertmanager'], {
      description:
        'Message for users instead of a CloudEvent. `slack`: an incoming webhook. `teams`: an Adaptive Card for a ' +
        'workflow. `alertmanager`: an alert for `/api/v2/alerts`; with `mode: batched` many in one request',
      default: 'none',
    }),
    title: text({
      description:
        'Title of a message, and name of an alert. `{{name}}` is `id`, `source`, `type`, `subject`, `family`, `time` ' +
        'or a member of the JSON data, nested ones as `{{user.name}}`',
      default: '{{type}}',
      example: '{{verb}} {{resource}}',
    }),
    text: text({
      description: 'Text of a message, and description of an alert; placeholders as in `title`',
      default: '{{subject}}',
      example: '{{user.name}} from {{source}}',
    }),
    labels: mapping(text({ description: 'Value of a label', required: true, example: '{{subject}}' }), {
      description: 'Labels of an alert beside `alertname`; placeholders as in `title`. Empty ones are omitted',
      default: {},
      example: { severity: 'warning', service: '{{source}}' },
    }),
    ...messageCodec,
    concurrency: integer(
      {
        description: 'Maximum concurrent requests; events with the same key are sent one at a time',
        unit: 'requests',
        default: 16,
      },
      { min: 1, max: 1024 },
    ),
    timeout: sendTimeout('10s'),
    retry_statuses: list(integer({ description: 'A status', required: true, example: 404 }, { min: 400, max: 499 }), {
      description:
        'Status codes to retry in addition to 401, 403, 407, 408, 425, 429 and 5xx. Other codes turn the ' +
        'event into a dead letter',
      default: [],
      example: [404, 409],
    }),
    headers: headersField(),
    extensions: mapping(text({ description: 'Value of an extension', required: true, example: 'edge' }), {
      description: 'CloudEvents extensions to set on every event; they replace existing values',
      default: {},
      example: { site: 'edge' },
    }),
    auth,
    tls,
  },
  check({ extensions, headers, url, tls: tlsSettings, template, mode, codec, labels }) {
    const wrong = templateComplaint(template, mode, codec, Object.keys(labels))
    if (wrong !== null) return wrong
    const extension = Object.keys(extensions).find((name) => !/^[a-z0-9]+$/.test(name) || reserved.has(name))
    if (extension !== undefined) {
      return new Complaint(
        `\`${extension}\` can't be an extension`,
        'extension names consist of a-z and 0-9 and differ from standard attributes',
        ['extensions', extension],
      )
    }
    return headersComplaint(headers, ownHeaders) ?? plainUrlComplaint({ url, tls: tlsSettings })
  },
})

function templateComplaint(template: string, mode: string, codec: string, labels: readonly string[]): Complaint | null {
  if (labels.length > 0 && template !== 'alertmanager')
    return new Complaint('only alerts have labels', 'set `template: alertmanager`, or remove them', ['labels'])
  const label = labels.find((name) => !/^[a-zA-Z_]\w*$/.test(name) || name === 'alertname')
  if (label !== undefined)
    return new Complaint(`\`${label}\` can't be a label`, 'use letters, digits and `_`; `title` is `alertname`', [
      'labels',
      label,
    ])
  if (template === 'none') return null
  if (codec === 'kollect') return new Complaint('a template has no codec', 'remove `codec: kollect`', ['codec'])
  return mode === 'binary' || (mode === 'batched' && template === 'alertmanager')
    ? null
    : new Complaint(`template \`${template}\` has no mode \`${mode}\``, 'remove `mode`', ['mode'])
}

const ownHeaders = /^(?:ce-.*|content-type|content-length|host|connection|transfer-encoding)$/i

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
