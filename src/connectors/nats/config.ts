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
  packFields,
  secret,
  text,
  tls,
  urlText,
  variants,
  type ConfigOf,
  timeoutField,
  userFields,
} from '../../schema/index.ts'

const schemes = { schemes: ['nats', 'tls'] }

const streamName = { pattern: /[^\s.*>/\\]+/, expects: 'a name without spaces, dots, slashes or wildcards' }

const auth = variants(
  {
    none: {},
    user: userFields('env:NATS_PASSWORD'),
    token: {
      token: secret({
        description: 'Token that the server shares with its clients',
        required: true,
        example: 'env:NATS_TOKEN',
      }),
    },
    nkey: {
      seed: secret({
        description: 'Seed of an NKey; it begins with SU',
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
  { description: 'Authentication', default: { type: 'none' } },
)

const server = {
  url: urlText(
    {
      description: 'URL of a server; the others of the cluster are discovered from it',
      required: true,
      example: 'nats://127.0.0.1:4222',
    },
    schemes,
  ),
  fallback_urls: list(urlText({ description: 'A server', required: true, example: 'nats://nats-1:4222' }, schemes), {
    description: 'Alternative servers if the first is unreachable',
    default: [],
    example: ['nats://nats-1:4222'],
  }),
}
const login = { auth, tls }

export const natsSchema = defineSchema({
  type: 'nats',
  role: 'sink',
  summary: 'Publishes events as CloudEvents to NATS JetStream and waits until each is stored',
  fields: {
    ...server,
    subject: text({
      description:
        `Subject of an event; may contain ${placeholders.map((name) => `{${name}}`).join(' ')}. Each ` +
        `becomes one token, with unsafe characters as \`_\``,
      default: 'weir.{family}.{type}',
    }),
    wait_for: choice(['stream', 'server'], {
      description:
        'Delivery confirmation. `stream`: a JetStream stream stored the event. `server`: the server received ' +
        'it; without a subscriber at that moment it is lost',
      default: 'stream',
    }),
    stream: text(
      {
        description: 'Stream that must store the events. Unset: any stream with a matching subject',
        default: null,
        example: 'WEIR',
      },
      streamName,
    ),
    create_stream: flag({
      description:
        'Create a missing `stream`, on disk and without limits, for all subjects with the prefix of `subject`',
      default: false,
    }),
    ...messageFields('binary'),
    ...packFields,
    ...login,
  },
  check({ subject, stream, create_stream, wait_for, ...message }) {
    const wrong = messageComplaint(message)
    if (wrong !== null) return wrong
    const unknown = unknownPlaceholder(subject)
    if (unknown !== undefined)
      return new Complaint(
        `\`${unknown}\` is not a placeholder of a subject`,
        `use ${placeholders.map((name) => `{${name}}`).join(' ')}`,
        ['subject'],
      )
    if (!/^(?:[^\s.*>{}]|\{[a-z]+\})+(?:\.(?:[^\s.*>{}]|\{[a-z]+\})+)*$/.test(subject)) {
      return new Complaint(
        `\`${subject}\` is not a subject to publish to`,
        'write tokens between dots, without spaces and wildcards',
        ['subject'],
      )
    }
    if (wait_for === 'server' && stream !== null)
      return new Complaint(
        '`stream` is set, but `wait_for: server` does not use it',
        'remove `stream`, or `wait_for: server`',
        ['stream'],
      )
    if (create_stream && stream === null)
      return new Complaint('`create_stream` is set, but `stream` is missing', 'add `stream: WEIR`', ['create_stream'])
    return create_stream && subject.startsWith('{')
      ? new Complaint(
          'a stream for every subject cannot be created',
          'begin `subject` with a fixed token, such as `weir.`',
          ['subject'],
        )
      : null
  },
})

export const natsSourceSchema = defineSchema({
  type: 'nats',
  role: 'source',
  summary:
    'Reads events from a NATS JetStream stream through a durable consumer and acknowledges them after the ' +
    'journal is synced',
  fields: {
    ...server,
    stream: text({ description: 'Stream to read', required: true, example: 'EVENTS' }, streamName),
    consumer: text(
      {
        description:
          'Name of the durable consumer; created if missing. Instances with the same name share its messages',
        default: 'weir',
      },
      streamName,
    ),
    subjects: list(text({ description: 'A subject, with wildcards', required: true, example: 'events.>' }), {
      description: 'Subjects that a created consumer reads; empty: all',
      default: [],
      example: ['events.>'],
    }),
    begin: choice(['all', 'new'], {
      description: 'Start position of a created consumer: all stored messages, or new ones only',
      default: 'all',
    }),
    ack_wait: duration(
      {
        description: 'Acknowledgement wait of a created consumer; after it the server redelivers a message',
        default: '15s',
      },
      { min: '3s' },
    ),
    timeout: timeoutField('Timeout of connecting and of one response'),
    ...messageSourceFields,
    ...login,
  },
})

export const natsJournalSchema = defineSchema({
  type: 'nats',
  role: 'journal',
  summary: 'Journal in NATS JetStream streams, which several instances share',
  fields: {
    ...server,
    stream: text(
      {
        description: 'Prefix of the stream names: one stream for each partition, and one for small records',
        default: 'weir-journal',
      },
      streamName,
    ),
    partitions: integer(
      {
        description: 'Number of streams if Weir creates them; at most this many deliverers share the work',
        unit: 'partitions',
        default: 12,
      },
      { min: 1, max: 1000 },
    ),
    replicas: integer(
      { description: 'Replicas of a created stream', unit: 'copies', default: 1, example: 3 },
      { min: 1, max: 5 },
    ),
    keep: duration(
      {
        description:
          'Retention of frames in a created stream; it must exceed the longest absence of a deliverer or API',
        default: '7d',
      },
      { min: '1m' },
    ),
    timeout: timeoutField('Timeout of connecting and of one response'),
    ...login,
  },
})

export const natsJournalUrl: JournalUrl = {
  schemes: ['nats', 'tls'],
  settings({ scheme, hosts, name }) {
    const [url, ...more] = hosts.map((host) => `${scheme}://${host}`)
    return {
      type: 'nats',
      url,
      ...(more.length === 0 ? {} : { fallback_urls: more }),
      ...(name === '' ? {} : { stream: name }),
    }
  },
}

export type NatsJournalConfig = ConfigOf<typeof natsJournalSchema>
export type NatsConfig = ConfigOf<typeof natsSchema>
export type NatsSourceConfig = ConfigOf<typeof natsSourceSchema>

export type NatsServer = Pick<NatsSourceConfig, 'url' | 'fallback_urls' | 'auth' | 'tls' | 'timeout'>
