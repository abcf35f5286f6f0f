import type { JournalUrl } from '../../engine/manifest.ts'
import { placeholders, unknownPlaceholder } from '../../messaging/row-template.ts'
import {
  choice,
  Complaint,
  defineSchema,
  duration,
  flag,
  integer,
  list,
  messageComplaint,
  messageFields,
  messageSourceFields,
  secret,
  text,
  tls,
  urlText,
  variants,
  type ConfigOf,
} from '../../schema/index.ts'

const schemes = { schemes: ['nats', 'tls'] }

const streamName = { pattern: /[^\s.*>/\\]+/, expects: 'a name, with no space, dot, slash or wildcard' }

const auth = variants(
  {
    none: {},
    user: {
      user: text({ description: 'User name', required: true, example: 'weir' }),
      password: secret({ description: 'Password of the user', required: true, example: 'env:NATS_PASSWORD' }),
    },
    token: {
      token: secret({
        description: 'Token that the server shares with its clients',
        required: true,
        example: 'env:NATS_TOKEN',
      }),
    },
    nkey: {
      seed: secret({
        description: 'Seed of an NKey, beginning with SU',
        required: true,
        example: 'file:/run/secrets/nats.nk',
      }),
    },
    creds: {
      creds: secret({
        description: 'Content of a credentials file (JWT and seed)',
        required: true,
        example: 'file:/run/secrets/nats.creds',
      }),
    },
  },
  { description: 'Proof of identity towards the server', default: { type: 'none' } },
)

const server = {
  url: urlText(
    {
      description: 'A server of the cluster; the others are learned from it',
      required: true,
      example: 'nats://127.0.0.1:4222',
    },
    schemes,
  ),
  more_urls: list(urlText({ description: 'A server', required: true, example: 'nats://nats-1:4222' }, schemes), {
    description: 'Servers to try when the first does not answer',
    default: [],
    example: ['nats://nats-1:4222'],
  }),
}
const login = { auth, tls }

export const natsSchema = defineSchema({
  type: 'nats',
  role: 'sink',
  summary: 'Publishes events as CloudEvents to NATS JetStream and waits for each to be stored',
  fields: {
    ...server,
    subject: text({
      description: `Subject of an event; may hold ${placeholders.map((name) => `{${name}}`).join(' ')}, each becoming one token with unsafe characters as \`_\``,
      default: 'weir.{family}.{type}',
    }),
    wait_for: choice(['stream', 'server'], {
      description:
        'What counts as delivered: `stream` once a JetStream stream has stored the event, `server` once the server has taken it, which is lost for whoever does not listen just then',
      default: 'stream',
    }),
    stream: text(
      {
        description: 'Stream that must store the events; left out, whichever takes the subject',
        default: null,
        example: 'WEIR',
      },
      streamName,
    ),
    create_stream: flag({
      description:
        'Whether a missing `stream` is made, on disk and without limits, for every subject that begins like `subject`',
      default: false,
    }),
    ...messageFields('binary'),
    ...login,
  },
  check({ subject, stream, create_stream, wait_for, ...message }) {
    const wrong = messageComplaint(message)
    if (wrong !== null) return wrong
    const unknown = unknownPlaceholder(subject)
    if (unknown !== undefined)
      return new Complaint(
        `\`${unknown}\` is not known in a subject`,
        `use ${placeholders.map((name) => `{${name}}`).join(' ')}`,
        ['subject'],
      )
    if (!/^(?:[^\s.*>{}]|\{[a-z]+\})+(?:\.(?:[^\s.*>{}]|\{[a-z]+\})+)*$/.test(subject)) {
      return new Complaint(
        `\`${subject}\` is not a subject to publish to`,
        'write tokens between dots, with no space and no wildcard',
        ['subject'],
      )
    }
    if (wait_for === 'server' && stream !== null)
      return new Complaint('`stream` is set, but nothing waits for one', 'leave out `stream`, or `wait_for: server`', [
        'stream',
      ])
    if (create_stream && stream === null)
      return new Complaint('`create_stream` is set, but no name', 'add `stream: WEIR`', ['create_stream'])
    return create_stream && subject.startsWith('{')
      ? new Complaint(
          "a stream for every subject can't be made",
          'begin `subject` with a fixed token, such as `weir.`',
          ['subject'],
        )
      : null
  },
})

export const natsSourceSchema = defineSchema({
  type: 'nats',
  role: 'source',
  summary: 'Reads events from a NATS JetStream stream by a durable consumer, and acknowledges what is synced',
  fields: {
    ...server,
    stream: text({ description: 'Stream to read', required: true, example: 'EVENTS' }, streamName),
    consumer: text(
      {
        description:
          'Name of the durable consumer, which is made when it is missing; several Weirs with the same one share its messages',
        default: 'weir',
      },
      streamName,
    ),
    subjects: list(text({ description: 'A subject, with wildcards', required: true, example: 'events.>' }), {
      description: 'Which subjects of the stream are read when the consumer is made; none: all',
      default: [],
      example: ['events.>'],
    }),
    begin: choice(['all', 'new'], {
      description: 'Where a consumer that is made begins: with all that the stream has, or with what comes then',
      default: 'all',
    }),
    ack_wait: duration(
      {
        description:
          'After so long without acknowledgement the server gives a message to another; set when the consumer is made',
        default: '15s',
      },
      { min: '3s' },
    ),
    timeout: duration(
      { description: 'How long connecting, and one answer, may take', default: '10s' },
      { min: '10ms' },
    ),
    ...messageSourceFields,
    ...login,
  },
})

export const natsJournalSchema = defineSchema({
  type: 'nats',
  role: 'journal',
  summary: 'The journal as streams of NATS JetStream, which many Weirs share',
  fields: {
    ...server,
    stream: text(
      {
        description: 'What the names of the streams begin with: one for each partition, and one of small records',
        default: 'weir-journal',
      },
      streamName,
    ),
    partitions: integer(
      {
        description: 'Streams when we make them: as many deliverers can share the work',
        unit: 'partitions',
        default: 12,
      },
      { min: 1, max: 1000 },
    ),
    replicas: integer(
      { description: 'Copies of a stream that we make', unit: 'copies', default: 1, example: 3 },
      { min: 1, max: 5 },
    ),
    keep: duration(
      {
        description: 'How long a stream that we make keeps frames: as long as a deliverer or an API may be away',
        default: '7d',
      },
      { min: '1m' },
    ),
    timeout: duration(
      { description: 'How long connecting, and one answer, may take', default: '10s' },
      { min: '10ms' },
    ),
    ...login,
  },
})

/** `nats://host:port,host:port/stream` */
export const natsJournalUrl: JournalUrl = {
  schemes: ['nats', 'tls'],
  settings({ scheme, hosts, name }) {
    const [url, ...more] = hosts.map((host) => `${scheme}://${host}`)
    return {
      type: 'nats',
      url,
      ...(more.length === 0 ? {} : { more_urls: more }),
      ...(name === '' ? {} : { stream: name }),
    }
  },
}

export type NatsJournalConfig = ConfigOf<typeof natsJournalSchema>
export type NatsConfig = ConfigOf<typeof natsSchema>
export type NatsSourceConfig = ConfigOf<typeof natsSourceSchema>

/** What a connection needs, whichever way it is used. */
export type NatsServer = Pick<NatsSourceConfig, 'url' | 'more_urls' | 'auth' | 'tls' | 'timeout'>
