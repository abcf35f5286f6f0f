import {
  Complaint,
  defineSchema,
  duration,
  flag,
  integer,
  messageComplaint,
  messageFields,
  messageSourceFields,
  packFields,
  secret,
  text,
  variants,
  type ConfigOf,
  timeoutField,
} from '../../schema/index.ts'

const name = {
  pattern: /[A-Za-z][\w.~+%-]{0,254}/,
  expects: 'a name of Pub/Sub: a letter, then letters, digits and `-._~+%`, at most 255 of them',
}

const server = {
  project: text(
    { description: 'Google Cloud project', required: true, example: 'my-project' },
    { pattern: /[a-z][a-z0-9:.-]{0,62}/, expects: 'the id of a project' },
  ),
  endpoint: text(
    {
      description:
        "Host and port instead of Google's. A regional endpoint preserves order for publishers in that " +
        'region; an emulator needs `auth: { type: none }`',
      default: null,
      example: 'europe-west3-pubsub.googleapis.com:443',
    },
    { pattern: /[^\s/:]+:\d{1,5}/, expects: 'HOST:PORT', isUrl: true },
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
      'Authentication, re-read after a refusal. `default` uses Application Default Credentials ' +
      '(`GOOGLE_APPLICATION_CREDENTIALS`, workload identity). `none` connects to an emulator without TLS',
    default: { type: 'default' },
  },
)

type Place = Readonly<{
  project: string
  topic?: string
  subscription?: string
  endpoint: string | null
  auth: { readonly type: string }
}>

/** Google's ids have at least as many characters; emulators accept others. */
const leastId = 3

function placeComplaint(location: Place): Complaint | null {
  const { endpoint, auth } = location
  const short = (['project', 'topic', 'subscription'] as const).find(
    (field) => (location[field]?.length ?? leastId) < leastId,
  )
  if (short !== undefined && auth.type !== 'none')
    return new Complaint(
      `a name of Google has at least ${leastId} characters, \`${location[short]}\` has ${location[short]?.length}`,
      'correct it; an emulator, which accepts it, needs `auth: {type: none}` and `endpoint`',
      [short],
    )
  return auth.type === 'none' && endpoint === null
    ? new Complaint(
        'without authentication only an emulator can be used',
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
        'Use the key of an event as its ordering key. Subscriptions with ordering preserve the order per ' +
        'key, in one region at a time and at about 1 MB/s per key',
      default: true,
    }),
    request_messages: integer(
      {
        description: 'Maximum messages in one request; messages with different ordering keys use separate requests',
        unit: 'messages',
        default: 1000,
      },
      { min: 1, max: 1000 },
    ),
    ...messageFields('binary'),
    ...packFields,
    auth,
  },
  check: (settings) => placeComplaint(settings) ?? messageComplaint(settings),
})

export const gcppubsubSourceSchema = defineSchema({
  type: 'gcppubsub',
  role: 'source',
  summary: 'Reads events from a Google Cloud Pub/Sub subscription and acknowledges them after the journal is synced',
  fields: {
    ...server,
    subscription: text(
      {
        description:
          'Pull subscription to read. With message ordering enabled, messages with the same ordering key ' +
          'arrive in order',
        required: true,
        example: 'weir',
      },
      name,
    ),
    lease: duration(
      {
        description: 'Acknowledgement deadline of received messages; extended while they wait for the journal',
        default: '60s',
      },
      { min: '10s', max: '10m' },
    ),
    timeout: timeoutField('Timeout of one response'),
    ...messageSourceFields,
    auth,
  },
  check: placeComplaint,
})

export type PubSubConfig = ConfigOf<typeof gcppubsubSchema>
export type PubSubSourceConfig = ConfigOf<typeof gcppubsubSourceSchema>
export type PubSubServer = Pick<PubSubConfig, 'project' | 'endpoint' | 'auth'>
