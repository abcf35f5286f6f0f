import { machineAddress, publicAuthority } from '../../net/entra.ts'
import { isSecure } from '../../net/http/loopback.ts'
import {
  bytes,
  Complaint,
  defineSchema,
  duration,
  flag,
  integer,
  messageComplaint,
  messageFields,
  messageSourceFields,
  packFields,
  filePath,
  secret,
  text,
  urlText,
  variants,
  type ConfigOf,
  timeoutField,
} from '../../schema/index.ts'

const name = {
  pattern: /[\p{L}\p{N}][\p{L}\p{N}._/-]{0,259}/u,
  expects: 'the name of a queue or topic: up to 260 letters, digits and `._-/`',
}
const sessionName = { pattern: /[^\p{Cc}]{1,128}/u, expects: 'up to 128 characters' }

const id = { pattern: /[A-Za-z0-9._-]{1,128}/, expects: 'an id such as 9f1c2f6e-0000-4000-8000-0123456789ab' }
const authority = { schemes: ['https', 'http'] }

const auth = variants(
  {
    connection_string: {},
    client_secret: {
      tenant: text(
        {
          description: 'Id of the tenant, or one of its domains',
          required: true,
          example: '9f1c2f6e-0000-4000-8000-0123456789ab',
        },
        id,
      ),
      client: text(
        { description: 'Id of the application', required: true, example: '1b7e0c52-0000-4000-8000-0123456789ab' },
        id,
      ),
      secret: secret({
        description: 'Secret of the application',
        required: true,
        example: 'file:/run/secrets/azure-client-secret',
      }),
      authority: urlText(
        {
          description: 'URL of the authority that issues tokens; it differs between clouds',
          default: publicAuthority,
          example: 'https://login.microsoftonline.us',
        },
        authority,
      ),
    },
    workload_identity: {
      tenant: text(
        {
          description: 'Tenant id. Unset: `AZURE_TENANT_ID`',
          default: null,
          example: '9f1c2f6e-0000-4000-8000-0123456789ab',
        },
        id,
      ),
      client: text(
        {
          description: 'Client id of the application or identity. Unset: `AZURE_CLIENT_ID`',
          default: null,
          example: '1b7e0c52-0000-4000-8000-0123456789ab',
        },
        id,
      ),
      token_file: filePath(
        {
          description: 'File with the token of the service account. Unset: `AZURE_FEDERATED_TOKEN_FILE`',
          default: null,
          example: '/var/run/secrets/azure/tokens/azure-identity-token',
        },
        { holds: 'anything' },
      ),
      authority: urlText(
        {
          description: 'URL of the authority that issues tokens. Unset: `AZURE_AUTHORITY_HOST`, else the public cloud',
          default: null,
          example: 'https://login.microsoftonline.us',
        },
        authority,
      ),
    },
    managed_identity: {
      client: text(
        {
          description: 'Client id of the identity, if the machine has several',
          default: null,
          example: '1b7e0c52-0000-4000-8000-0123456789ab',
        },
        id,
      ),
      address: urlText(
        { description: 'URL of the instance metadata service', default: machineAddress, example: machineAddress },
        { schemes: ['http'] },
      ),
    },
  },
  {
    description:
      'Authentication. Unset: `connection_string`. Otherwise a Microsoft Entra ID login with a client ' +
      'secret, a service account token (workload identity) or a managed identity. Credentials are re-read ' +
      'for each token and after each refusal',
    default: { type: 'connection_string' },
  },
)

const server = {
  connection_string: secret({
    description:
      'Connection string of the namespace, queue or topic, with `SharedAccessKeyName` and `SharedAccessKey`, ' +
      'or `SharedAccessSignature`. It is re-read after each refusal',
    default: null,
    usual: true,
    example: 'file:/run/secrets/servicebus',
  }),
  namespace: text(
    {
      description: 'Host name of the namespace, for an Entra ID login',
      default: null,
      example: 'shop.servicebus.windows.net',
    },
    { pattern: /[A-Za-z0-9.-]+(?::\d{1,5})?/, expects: 'the name of a host' },
  ),
  auth,
}

function serverComplaint({
  connection_string: written,
  namespace,
  auth: login,
}: Pick<ServiceBusConfig, 'connection_string' | 'namespace' | 'auth'>): Complaint | null {
  if (login.type === 'connection_string') {
    if (namespace !== null)
      return new Complaint(
        '`namespace` is used with an Entra ID login only, and `auth` is not set',
        'set `auth`, or remove `namespace`: a connection string contains it',
        ['namespace'],
      )
    return written === null
      ? new Complaint('the Service Bus address is missing', 'set `connection_string`, or `namespace` and `auth`', [
          'connection_string',
        ])
      : null
  }
  if (written !== null)
    return new Complaint('`connection_string` and `auth` are both set', 'remove one of them', ['connection_string'])
  if (namespace === null)
    return new Complaint(
      'an Entra ID login also needs the Service Bus address',
      'set `namespace`, such as shop.servicebus.windows.net',
      ['namespace'],
    )
  const given = 'authority' in login ? login.authority : null
  return given !== null && !isSecure(given)
    ? new Complaint(`the secret would be sent to the authority ${given} over plain HTTP`, 'write https://', [
        'auth',
        'authority',
      ])
    : null
}

export const serviceBusSchema = defineSchema({
  type: 'azure-servicebus',
  role: 'sink',
  summary:
    'Sends events as CloudEvents to an Azure Service Bus queue or topic (AMQP 1.0) and waits until each is stored',
  fields: {
    ...server,
    entity: text({ description: 'Queue or topic to send to', required: true, example: 'changes' }, name),
    sessions: flag({
      description:
        'Use the key of an event as its session id, so that a session-enabled queue or subscription ' +
        'preserves the order per key. Such entities accept no messages without a session',
      default: false,
    }),
    default_session: text(
      { description: 'Session id of events without a key, with `sessions`', default: 'weir' },
      sessionName,
    ),
    partition_key: flag({
      description:
        'Use the key of an event as its partition key, which assigns it to one partition of a partitioned ' +
        'entity. With `sessions`, the session id does this',
      default: false,
    }),
    time_to_live: duration(
      {
        description: 'Time to live of messages. Unset: the default of the entity',
        default: null,
        example: '14d',
      },
      { min: '1s' },
    ),
    max_message: bytes(
      {
        description:
          'Maximum size of a message with its headers. Unset: the limit that the namespace reports on ' +
          'connect (256 KiB in the standard tier, 1 to 100 MiB in premium)',
        default: null,
        example: '256KiB',
      },
      { min: '1KiB', max: '100MiB' },
    ),
    ...messageFields('binary'),
    ...packFields,
  },
  check({ sessions, partition_key: partition, ...message }) {
    const wrong = serverComplaint(message)
    if (wrong !== null) return wrong
    if (sessions && partition)
      return new Complaint('with sessions, the session id is the partition key', 'remove `partition_key`', [
        'partition_key',
      ])
    return messageComplaint(message)
  },
})

export const serviceBusSourceSchema = defineSchema({
  type: 'azure-servicebus',
  role: 'source',
  summary:
    'Reads events from an Azure Service Bus queue or subscription (AMQP 1.0) and completes them after the ' +
    'journal is synced',
  fields: {
    ...server,
    entity: text(
      { description: 'Queue to read, or the topic of `subscription`', required: true, example: 'events' },
      name,
    ),
    subscription: text(
      { description: 'Subscription to read. Unset: `entity` is a queue', default: null, example: 'weir' },
      {
        pattern: /[\p{L}\p{N}][\p{L}\p{N}._-]{0,49}/u,
        expects: 'the name of a subscription: up to 50 letters, digits and `._-`',
      },
    ),
    sessions: flag({
      description:
        'Set it if the queue or subscription requires sessions. Each session is read in order, by one ' +
        'instance at a time',
      default: false,
    }),
    session_count: integer(
      { description: 'Maximum concurrent sessions, with `sessions`', unit: 'sessions', default: 8 },
      { min: 1, max: 128 },
    ),
    prefetch: integer(
      {
        description: 'Messages to prefetch, per session if there are sessions',
        unit: 'messages',
        default: 256,
      },
      { min: 1, max: 1000 },
    ),
    timeout: timeoutField('Timeout of one response'),
    ...messageSourceFields,
  },
  check: serverComplaint,
})

export type ServiceBusSourceConfig = ConfigOf<typeof serviceBusSourceSchema>
export type ServiceBusConfig = ConfigOf<typeof serviceBusSchema>
export type ServiceBusServer = Pick<ServiceBusConfig, 'connection_string' | 'namespace' | 'auth' | 'timeout'>
