import {
  Complaint,
  defineSchema,
  duration,
  flag,
  integer,
  messageComplaint,
  messageFields,
  messageSourceFields,
  secret,
  text,
  variants,
  type ConfigOf,
} from '../../schema/index.ts'

const name = {
  pattern: /[A-Za-z][\w.~+%-]{2,254}/,
  expects: 'a name of Pub/Sub: a letter, then letters, digits and `-._~+%`, 3 to 255 of them',
}

const server = {
  project: text(
    { description: 'Project that it is in', required: true, example: 'my-project' },
    { pattern: /[a-z][a-z0-9:.-]{2,62}/, expects: 'the id of a project' },
  ),
  endpoint: text(
    {
      description:
        "Host and port to speak to in place of Google's: a regional endpoint keeps order for whoever publishes through it, an emulator needs `auth: { type: none }`",
      default: null,
      example: 'europe-west3-pubsub.googleapis.com:443',
    },
    { pattern: /[^\s/:]+:\d{1,5}/, expects: 'HOST:PORT' },
  ),
}

const auth = variants(
  {
    default: {},
    key: {
      key: secret({
        description: 'Key of a service account, the whole JSON',
        required: true,
        example: 'file:/run/secrets/pubsub.json',
      }),
    },
    none: {},
  },
  {
    description:
      'Proof of identity, read anew after a refusal: `default` finds Application Default Credentials (GOOGLE_APPLICATION_CREDENTIALS, workload identity), `none` speaks without TLS to an emulator',
    default: { type: 'default' },
  },
)

interface Place {
  readonly endpoint: string | null
  readonly auth: { readonly type: string }
}

function plainComplaint({ endpoint, auth: { type } }: Place): Complaint | null {
  return type === 'none' && endpoint === null
    ? new Complaint(
        'without proof of identity only an emulator can be spoken to',
        'set `endpoint`, such as `endpoint: 127.0.0.1:8085`',
        ['auth'],
      )
    : null
}

export const gcppubsubSchema = defineSchema({
  type: 'gcppubsub',
  role: 'sink',
  summary: 'Publishes events as CloudEvents to a topic of Google Cloud Pub/Sub',
  fields: {
    ...server,
    topic: text({ description: 'Topic to publish to', required: true, example: 'changes' }, name),
    ordering: flag({
      description:
        'Whether events of a key have it as their ordering key: subscriptions with ordering then give them out in order, one region at a time, about 1 MB/s a key',
      default: true,
    }),
    request_messages: integer(
      {
        description: 'Most messages in one request; those of one key go in requests of their own',
        unit: 'messages',
        default: 1000,
      },
      { min: 1, max: 1000 },
    ),
    ...messageFields('binary'),
    auth,
  },
  check: (settings) => plainComplaint(settings) ?? messageComplaint(settings),
})

export const gcppubsubSourceSchema = defineSchema({
  type: 'gcppubsub',
  role: 'source',
  summary: 'Reads events from a subscription of Google Cloud Pub/Sub, and acknowledges what is synced',
  fields: {
    ...server,
    subscription: text(
      {
        description:
          'Subscription to read, of type pull; one with ordering gives out what has one ordering key in order',
        required: true,
        example: 'weir',
      },
      name,
    ),
    lease: duration(
      {
        description:
          'For so long Pub/Sub keeps a message from others while it waits for the journal; prolonged meanwhile',
        default: '60s',
      },
      { min: '10s', max: '10m' },
    ),
    timeout: duration({ description: 'How long one answer may take', default: '10s' }, { min: '10ms' }),
    ...messageSourceFields,
    auth,
  },
  check: plainComplaint,
})

export type PubSubConfig = ConfigOf<typeof gcppubsubSchema>
export type PubSubSourceConfig = ConfigOf<typeof gcppubsubSourceSchema>
/** What a connection needs, whichever way it is used. */
export type PubSubServer = Pick<PubSubConfig, 'project' | 'endpoint' | 'auth'>
