import { placeholders, unknownPlaceholder } from '../../messaging/row-template.ts'
import {
  choice,
  Complaint,
  defineSchema,
  duration,
  group,
  integer,
  list,
  messageComplaint,
  messageFields,
  messageSourceFields,
  packFields,
  text,
  tls,
  urlText,
  variants,
  type ConfigOf,
  type Tls,
  timeoutField,
  userFields,
} from '../../schema/index.ts'
import { maxKeyLength } from './map-key.ts'

const schemes = { schemes: ['amqp', 'amqps'] }
const anyName = { pattern: /[^\p{Cc}]{1,255}/u, expects: 'a name of up to 255 characters' }

const auth = variants(
  {
    guest: {},
    user: userFields('file:/run/secrets/rabbitmq-password', 'Password of the user, or an OAuth 2 token'),
    external: {},
  },
  {
    description:
      'Authentication, re-read for each connection. `guest` is the user that a new server accepts from ' +
      'localhost. `external` uses the client certificate',
    default: { type: 'guest' },
  },
)

const declare = group(
  {
    type: choice(['topic', 'direct', 'fanout', 'headers'], { description: 'Type of the exchange', default: 'topic' }),
    queue: text(
      {
        description: 'Queue to create and bind as well. Unset: only the exchange is created',
        default: null,
        example: 'weir',
      },
      anyName,
    ),
    queue_type: choice(['quorum', 'classic', 'stream'], { description: 'Type of the queue', default: 'quorum' }),
    binding: text(
      {
        description: 'Binding key of the queue. Unset: `#`, which in a topic exchange matches everything',
        default: '#',
      },
      { pattern: /[^\p{Cc}]{0,255}/u, expects: 'a key of up to 255 characters' },
    ),
  },
  {
    description: 'Create missing exchange and queue, durable; existing ones are not changed. Unset: nothing is created',
    default: null,
    example: { queue: 'weir' },
  },
)

const server = {
  url: urlText(
    { description: 'URL of a node of the cluster', required: true, example: 'amqp://127.0.0.1:5672' },
    schemes,
  ),
  fallback_urls: list(urlText({ description: 'A node', required: true, example: 'amqp://rabbit-1:5672' }, schemes), {
    description: 'Alternative nodes if the first is unreachable',
    default: [],
    example: ['amqp://rabbit-1:5672'],
  }),
  vhost: text({ description: 'Virtual host', default: '/' }, anyName),
}
const heartbeat = duration(
  {
    description: 'Heartbeat interval; the connection is considered lost after two missed heartbeats',
    default: '20s',
  },
  { min: '1s', max: '1h' },
)

export const rabbitmqSchema = defineSchema({
  type: 'rabbitmq',
  role: 'sink',
  summary: 'Publishes events as CloudEvents to RabbitMQ (AMQP 0.9.1) and waits until each is in a queue',
  fields: {
    ...server,
    exchange: text(
      {
        description:
          'Exchange to publish to. `amq.default` is the default exchange, where the routing key is the name of a queue',
        default: 'amq.topic',
      },
      anyName,
    ),
    routing_key: text(
      {
        description:
          'Routing key of an event; may be empty and may contain ' +
          `${placeholders.map((name) => `{${name}}`).join(' ')}. Each becomes one word, with unsafe ` +
          `characters as \`_\``,
        default: 'weir.{family}.{type}',
      },
      { pattern: /(?:[^{}\s]|\{[a-z]+\})*/, expects: 'a routing key without spaces' },
    ),
    declare,
    heartbeat,
    ...messageFields('binary'),
    ...packFields,
    auth,
    tls,
  },
  check({ routing_key: key, exchange, declare: made, ...rest }) {
    const wrong = messageComplaint(rest) ?? serverComplaint(rest)
    if (wrong !== null) return wrong
    const unknown = unknownPlaceholder(key)
    if (unknown !== undefined)
      return new Complaint(
        `\`${unknown}\` is not a placeholder of a routing key`,
        `use ${placeholders.map((name) => `{${name}}`).join(' ')}`,
        ['routing_key'],
      )
    if (Buffer.byteLength(key) > maxKeyLength)
      return new Complaint(`a routing key has ${maxKeyLength} bytes at most`, undefined, ['routing_key'])
    return exchange === 'amq.default' && made !== null && made.queue === null
      ? new Complaint('nothing to create: this exchange always exists', 'add `queue`, or remove `declare`', ['declare'])
      : null
  },
})

export const rabbitmqSourceSchema = defineSchema({
  type: 'rabbitmq',
  role: 'source',
  summary:
    'Reads events from a RabbitMQ queue or stream (AMQP 0.9.1) and acknowledges them after the journal is synced',
  fields: {
    ...server,
    queue: text(
      { description: 'Queue to read: classic, quorum or stream', required: true, example: 'events' },
      anyName,
    ),
    prefetch: integer(
      { description: 'Maximum unacknowledged messages (prefetch)', unit: 'messages', default: 512 },
      { min: 1, max: 65_535 },
    ),
    begin: choice(['all', 'new'], {
      description:
        'Start position in a stream without a stored position: all messages, or new ones only. The position ' +
        'is stored in the data folder',
      default: 'all',
    }),
    heartbeat,
    timeout: timeoutField('Timeout of connecting'),
    ...messageSourceFields,
    auth,
    tls,
  },
  check: (values) => serverComplaint(values),
})

function serverComplaint({ url, fallback_urls, auth: { type }, tls: files }: ServerSettings): Complaint | null {
  for (const [path, address] of [['url', url], ...fallback_urls.map((more) => ['fallback_urls', more])] as const) {
    const { pathname, search, username } = new URL(address)
    if (pathname.length > 1 || search !== '')
      return new Complaint(
        `\`${address}\` holds more than an address`,
        pathname.length > 1 ? 'write the path as `vhost: NAME` instead' : 'remove the part that begins with `?`',
        [path],
      )
    if (username !== '')
      return new Complaint(
        'the URL contains a user, which has a separate setting',
        'write `auth: { type: user, user: NAME, password: … }`',
        [path],
      )
  }
  if (type === 'external' && (files?.cert_file ?? null) === null)
    return new Complaint(
      '`auth: { type: external }` uses the client certificate, and none is set',
      'set `tls.cert_file` and `tls.key_file`',
      ['auth'],
    )
  return null
}

type ServerSettings = Readonly<{
  url: string
  fallback_urls: readonly string[]
  auth: { readonly type: string }
  tls: Tls | null
}>

export type RabbitmqConfig = ConfigOf<typeof rabbitmqSchema>
export type RabbitmqSourceConfig = ConfigOf<typeof rabbitmqSourceSchema>
