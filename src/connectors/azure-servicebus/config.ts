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
  filePath,
  secret,
  text,
  urlText,
  variants,
  type ConfigOf,
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
          description: 'Who gives the token; another cloud has another',
          default: publicAuthority,
          example: 'https://login.microsoftonline.us',
        },
        authority,
      ),
    },
    workload_identity: {
      tenant: text(
        {
          description: 'Id of the tenant; left out, `AZURE_TENANT_ID`',
          default: null,
          example: '9f1c2f6e-0000-4000-8000-0123456789ab',
        },
        id,
      ),
      client: text(
        {
          description: 'Id of the application or identity; left out, `AZURE_CLIENT_ID`',
          default: null,
          example: '1b7e0c52-0000-4000-8000-0123456789ab',
        },
        id,
      ),
      token_file: filePath(
        {
          description: 'File with the token of the service account; left out, `AZURE_FEDERATED_TOKEN_FILE`',
          default: null,
          example: '/var/run/secrets/azure/tokens/azure-identity-token',
        },
        { holds: 'anything' },
      ),
      authority: urlText(
        {
          description: 'Who gives the token; left out, `AZURE_AUTHORITY_HOST`, else that of the public cloud',
          default: null,
          example: 'https://login.microsoftonline.us',
        },
        authority,
      ),
    },
    managed_identity: {
      client: text(
        {
          description: 'Id of the identity, where the machine has several',
          default: null,
          example: '1b7e0c52-0000-4000-8000-0123456789ab',
        },
        id,
      ),
      address: urlText(
        { description: 'Where the machine is told of itself', default: machineAddress, example: machineAddress },
        { schemes: ['http'] },
      ),
    },
  },
  {
    description:
      'Who we are: what `connection_string` holds, or a login of Microsoft Entra ID by the secret of an application, by the token of a service account (workload identity), or by the identity of the machine. Read again for each token, and whenever Service Bus refuses it',
    default: { type: 'connection_string' },
  },
)

const server = {
  connection_string: secret({
    description:
      'Connection string of the namespace, queue or topic, with `SharedAccessKeyName` and `SharedAccessKey`, or with `SharedAccessSignature`; read again whenever Service Bus refuses it',
    default: null,
    usual: true,
    example: 'file:/run/secrets/servicebus',
  }),
  namespace: text(
    {
      description: 'Host of the namespace, for a login of Entra ID',
      default: null,
      example: 'shop.servicebus.windows.net',
    },
    { pattern: /[A-Za-z0-9.-]+(?::\d{1,5})?/, expects: 'the name of a host' },
  ),
  auth,
}

/** Either a connection string, or a namespace and a login. */
function serverComplaint({
  connection_string: written,
  namespace,
  auth: login,
}: Pick<ServiceBusConfig, 'connection_string' | 'namespace' | 'auth'>): Complaint | null {
  if (login.type === 'connection_string') {
    if (namespace !== null)
      return new Complaint(
        '`namespace` goes with a login of Entra ID, and there is none',
        'set `auth`, or leave `namespace` out: a connection string names its own',
        ['namespace'],
      )
    return written === null
      ? new Complaint('nothing says where Service Bus is', 'set `connection_string`, or `namespace` and `auth`', [
          'connection_string',
        ])
      : null
  }
  if (written !== null)
    return new Complaint('`connection_string` and `auth` are two logins', 'leave one of them out', [
      'connection_string',
    ])
  if (namespace === null)
    return new Complaint(
      'a login of Entra ID does not say where Service Bus is',
      'set `namespace`, such as shop.servicebus.windows.net',
      ['namespace'],
    )
  const given = 'authority' in login ? login.authority : null
  return given !== null && !isSecure(given)
    ? new Complaint(`the authority ${given} would be told a secret over plain HTTP`, 'write https://', [
        'auth',
        'authority',
      ])
    : null
}

export const serviceBusSchema = defineSchema({
  type: 'azure-servicebus',
  role: 'sink',
  summary:
    'Sends events as CloudEvents to a queue or topic of Azure Service Bus (AMQP 1.0), and waits until it has each of them',
  fields: {
    ...server,
    entity: text({ description: 'Queue or topic to send to', required: true, example: 'changes' }, name),
    sessions: flag({
      description:
        'Whether events of a key have it as their session, so that a queue or subscription with sessions gives them out in order; one with sessions takes nothing without',
      default: false,
    }),
    default_session: text(
      { description: 'Session of what has no key, where `sessions` is set', default: 'weir' },
      sessionName,
    ),
    partition_key: flag({
      description:
        'Whether events of a key have it as their partition key, which keeps them in one partition of a partitioned queue or topic; with `sessions` the session does that',
      default: false,
    }),
    time_to_live: duration(
      {
        description: 'For so long Service Bus keeps a message; left out, for as long as queue or topic say',
        default: null,
        example: '14d',
      },
      { min: '1s' },
    ),
    max_message: bytes(
      {
        description:
          'Most bytes of a message with everything; left out, what the namespace says when we connect (256 KiB in tier standard, 1 MiB to 100 MiB in premium)',
        default: null,
        example: '256KiB',
      },
      { min: '1KiB', max: '100MiB' },
    ),
    ...messageFields('binary'),
  },
  check({ sessions, partition_key: partition, ...message }) {
    const wrong = serverComplaint(message)
    if (wrong !== null) return wrong
    if (sessions && partition)
      return new Complaint('with sessions the session is the partition key', 'leave out `partition_key`', [
        'partition_key',
      ])
    return messageComplaint(message)
  },
})

export const serviceBusSourceSchema = defineSchema({
  type: 'azure-servicebus',
  role: 'source',
  summary:
    'Reads events from a queue of Azure Service Bus, or a subscription of a topic (AMQP 1.0), and completes what is synced',
  fields: {
    ...server,
    entity: text(
      { description: 'Queue to read, or the topic of `subscription`', required: true, example: 'events' },
      name,
    ),
    subscription: text(
      { description: 'Subscription to read; left out, `entity` is a queue', default: null, example: 'weir' },
      {
        pattern: /[\p{L}\p{N}][\p{L}\p{N}._-]{0,49}/u,
        expects: 'the name of a subscription: up to 50 letters, digits and `._-`',
      },
    ),
    sessions: flag({
      description:
        'Whether queue or subscription has sessions; what is in one session is then read in order, by one Weir at a time',
      default: false,
    }),
    session_count: integer(
      { description: 'Most sessions that are read at once, where `sessions` is set', unit: 'sessions', default: 8 },
      { min: 1, max: 128 },
    ),
    prefetch: integer(
      {
        description: 'Most messages that may come before they are asked for, of each session where there are sessions',
        unit: 'messages',
        default: 256,
      },
      { min: 1, max: 1000 },
    ),
    timeout: duration({ description: 'How long one answer may take', default: '10s' }, { min: '10ms' }),
    ...messageSourceFields,
  },
  check: serverComplaint,
})

export type ServiceBusSourceConfig = ConfigOf<typeof serviceBusSourceSchema>
export type ServiceBusConfig = ConfigOf<typeof serviceBusSchema>
/** What a connection needs, whichever way it is used. */
export type ServiceBusServer = Pick<ServiceBusConfig, 'connection_string' | 'namespace' | 'auth' | 'timeout'>
