import { placeholders, unknownPlaceholder } from '../../bus/row-template.ts'
import { choice, Complaint, defineSchema, duration, group, list, messageComplaint, messageFields, secret, text, tls, urlText, variants, type ConfigOf } from '../../schema/index.ts'
import { longestKey } from './map-key.ts'

const schemes = { schemes: ['amqp', 'amqps'] }
const anyName = { pattern: /[^\p{Cc}]{1,255}/u, expects: 'a name of up to 255 characters' }

const auth = variants(
  {
    guest: {},
    user: {
      user: text({ description: 'User name', required: true, example: 'weir' }),
      password: secret({ description: 'Password of the user, or a token of OAuth 2', required: true, example: 'file:/run/secrets/rabbitmq-password' }),
    },
    external: {},
  },
  { description: 'Proof of identity towards the server, read anew for each connection: `guest` is the user that a new server lets in from its own machine, `external` goes by our certificate', default: { type: 'guest' } },
)

const declare = group(
  {
    type: choice(['topic', 'direct', 'fanout', 'headers'], { description: 'Type of the exchange', default: 'topic' }),
    queue: text({ description: 'Queue to make and bind, too; left out, only the exchange is made', default: null, example: 'weir' }, anyName),
    queue_type: choice(['quorum', 'classic', 'stream'], { description: 'Type of the queue', default: 'quorum' }),
    binding: text({ description: 'Key by which the queue is bound; left out, `#`, which in a topic exchange is everything', default: '#' }, { pattern: /[^\p{Cc}]{0,255}/u, expects: 'a key of up to 255 characters' }),
  },
  { description: 'Makes what is missing, durable; what exists is left as it is. Left out, nothing is made', default: null, example: { queue: 'weir' } },
)

export const rabbitmqSchema = defineSchema({
  type: 'rabbitmq',
  role: 'sink',
  summary: 'Publishes events as CloudEvents to RabbitMQ (AMQP 0.9.1) and waits until each is in a queue',
  fields: {
    url: urlText({ description: 'A node of the cluster', required: true, example: 'amqp://127.0.0.1:5672' }, schemes),
    more_urls: list(urlText({ description: 'A node', required: true, example: 'amqp://rabbit-1:5672' }, schemes), { description: 'Nodes to try when the first does not answer', default: [], example: ['amqp://rabbit-1:5672'] }),
    vhost: text({ description: 'Virtual host', default: '/' }, anyName),
    exchange: text({ description: 'Exchange to publish to; `amq.default` is the one without a name, in which the routing key is the name of a queue', default: 'amq.topic' }, anyName),
    routing_key: text({ description: `Routing key of an event, empty if you want it so; may hold ${placeholders.map((name) => `{${name}}`).join(' ')}, each becoming one word with unsafe characters as \`_\``, default: 'weir.{family}.{type}' }, { pattern: /(?:[^{}\s]|\{[a-z]+\})*/, expects: 'a routing key without spaces' }),
    declare,
    heartbeat: duration({ description: 'How often both sides show that they are there; a connection is lost after two of these without a sign', default: '20s' }, { min: '1s', max: '1h' }),
    ...messageFields('binary'),
    auth,
    tls,
  },
  check({ url, more_urls, routing_key: key, exchange, declare: made, auth: { type }, tls: files, ...message }) {
    const wrong = messageComplaint(message)
    if (wrong !== null) return wrong
    for (const [path, one] of [['url', url], ...more_urls.map((more) => ['more_urls', more])] as const) {
      const { pathname, search, username } = new URL(one)
      if (pathname.length > 1 || search !== '') return new Complaint(`\`${one}\` holds more than an address`, pathname.length > 1 ? `write \`vhost: ${decoded(pathname.slice(1))}\` instead` : 'leave out what begins with `?`', [path])
      if (username !== '') return new Complaint('the user stands elsewhere', `write \`auth: { type: user, user: ${decoded(username)}, password: … }\``, [path])
    }
    const unknown = unknownPlaceholder(key)
    if (unknown !== undefined) return new Complaint(`\`${unknown}\` is not known in a routing key`, `use ${placeholders.map((name) => `{${name}}`).join(' ')}`, ['routing_key'])
    if (Buffer.byteLength(key) > longestKey) return new Complaint(`a routing key has ${longestKey} bytes at most`, undefined, ['routing_key'])
    if (exchange === 'amq.default' && made !== null && made.queue === null) return new Complaint('there is nothing to make: this exchange is always there', 'add `queue`, or leave out `declare`', ['declare'])
    if (type === 'external' && (files?.cert_file ?? null) === null) return new Complaint('`auth: { type: external }` goes by our certificate, and there is none', 'set `tls.cert_file` and `tls.key_file`', ['auth'])
    return null
  },
})

export type RabbitmqConfig = ConfigOf<typeof rabbitmqSchema>

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
