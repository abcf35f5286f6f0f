import { Complaint, defineSchema, hostPort, messageComplaint, messageFields, secret, text, variants, type ConfigOf } from '../../schema/index.ts'

const auth = variants(
  {
    default: {},
    key: { key: secret({ description: 'Key of a service account, as JSON', required: true, example: 'file:/run/secrets/google-key.json' }) },
  },
  { description: 'Who we are: `default` looks where every program for Google Cloud does (Application Default Credentials: `GOOGLE_APPLICATION_CREDENTIALS`, workload identity, the machine), `key` is a service account\'s key. Read again whenever it is refused', default: { type: 'default' } },
)

export const pubsubSchema = defineSchema({
  type: 'gcppubsub',
  role: 'sink',
  summary: 'Publishes events as CloudEvents to a topic of Google Cloud Pub/Sub, and waits until it has each of them',
  fields: {
    topic: text({ description: 'Topic, with its project', required: true, example: 'projects/my-project/topics/weir' }, { pattern: /projects\/[a-z][a-z0-9.:-]*\/topics\/[A-Za-z][\w.~+%-]{2,254}/, expects: 'a topic such as projects/my-project/topics/weir' }),
    endpoint: hostPort({ description: 'Address to talk to; a regional one keeps order when several publish the same key, such as `europe-west3-pubsub.googleapis.com:443`. Left out, the nearest one', default: null, example: 'europe-west3-pubsub.googleapis.com:443' }),
    emulator: hostPort({ description: 'Pub/Sub emulator to talk to instead, without TLS or credentials', default: null, example: '127.0.0.1:8085' }),
    ...messageFields('binary'),
    auth,
  },
  check({ endpoint, emulator, ...message }) {
    if (endpoint !== null && emulator !== null) return new Complaint('there is one address to talk to', 'leave out `endpoint` or `emulator`', ['emulator'])
    return messageComplaint(message)
  },
})

export type PubsubConfig = ConfigOf<typeof pubsubSchema>
