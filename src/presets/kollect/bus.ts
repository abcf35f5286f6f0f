import { loginOf, PresetProblem, withoutLogin } from '../given.ts'

export type BusInput = Readonly<{
  url: string
  env: Readonly<Record<string, string | undefined>>
}>

export type Bus = Readonly<{
  sink: Readonly<Record<string, unknown>>
  secrets: Readonly<Record<string, string>>
  notes: readonly string[]
}>

const now =
  'Supported: nats://SUBJECT (with NATS_SERVER_URL), kafka://TOPIC (with KAFKA_BROKERS), rabbit://EXCHANGE ' +
  '(with RABBIT_SERVER_URL), awssqs://HOST/ACCOUNT/QUEUE, awssns:///ARN, gcppubsub://PROJECT/TOPIC, ' +
  'azuresb://TOPIC (with SERVICEBUS_CONNECTION_STRING or AZURE_SERVICEBUS_HOSTNAME), http:// or https://'

export function busOf({ url, env }: BusInput, secret: (name: string) => string): Bus {
  const scheme = /^([A-Za-z][\w+.-]*):\/\//.exec(url)?.[1]?.toLowerCase()
  if (scheme === undefined) throw new PresetProblem(`\`${withoutLogin(url)}\` is no URL of a bus. ${now}.`)
  if (scheme === 'nats') return natsBus(url, env, secret)
  if (scheme === 'kafka') return kafkaBus(url, env)
  if (scheme === 'rabbit') return rabbitBus(url, env, secret)
  if (scheme === 'awssqs' || scheme === 'awssns') return awsBus(scheme, url)
  if (scheme === 'gcppubsub') return pubsubBus(url, env)
  if (scheme === 'azuresb') return azureBus(url, env, secret)
  if (scheme === 'http' || scheme === 'https') return httpBus(url, secret)
  if (scheme === 'mem')
    throw new PresetProblem(`mem:// is a bus inside one process, which no consumer can read. ${now}.`)
  throw new PresetProblem(`${scheme}:// is not a bus of kollect or Weir. ${now}.`)
}

/** Host and path, without slashes at the end as `name`, and the parameters. */
function partsOf(text: string) {
  const [part = '', query = ''] = text.slice(text.indexOf('://') + 3).split('?', 2)
  return { place: part, name: part.replace(/\/+$/, ''), query: new URLSearchParams(query) }
}

function listOf(text = '') {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((candidate) => candidate !== '')
}

function natsBus(text: string, env: BusInput['env'], secret: (name: string) => string): Bus {
  const { name: subject, query } = partsOf(text)
  if (!/^[^\s.*>{}]+(?:\.[^\s.*>{}]+)*$/.test(subject))
    throw new PresetProblem(`\`${text}\` names no subject: write nats://SUBJECT, such as nats://cluster.changes`)
  const unknown = [...query.keys()].find((name) => name !== 'stream' && name !== 'natsv2')
  if (unknown !== undefined)
    throw new PresetProblem(`\`${unknown}\` is unknown in a nats:// URL; the only parameter is \`stream\``)
  const stream = query.get('stream')
  const servers = listOf(env['NATS_SERVER_URL'])
  if (servers.length === 0)
    throw new PresetProblem(
      'nats:// needs the address of a server in NATS_SERVER_URL, such as nats://nats.messaging:4222',
    )
  const login = servers.map(loginOf)
  const [first] = login
  const auth =
    first?.user === undefined
      ? {}
      : first.password === undefined
        ? { auth: { type: 'token', token: secret('nats-token') } }
        : { auth: { type: 'user', user: first.user, password: secret('nats-password') } }
  const [url = '', ...more] = login.map(({ plain }) => plain)
  return {
    sink: {
      type: 'nats',
      url,
      ...(more.length === 0 ? {} : { fallback_urls: more }),
      subject,
      ...(stream === null ? { wait_for: 'server' } : { stream, create_stream: true }),
      ...auth,
    },
    secrets:
      first?.user === undefined
        ? {}
        : first.password === undefined
          ? { 'nats-token': first.user }
          : { 'nats-password': first.password },
    notes:
      stream === null
        ? [
            'Messages are published as in kollect: subscribers that are not connected miss them. With ' +
              'nats://SUBJECT?stream=NAME a JetStream stream stores them and confirms each one.',
          ]
        : [],
  }
}

function kafkaBus(text: string, env: BusInput['env']): Bus {
  const { name: topic, query } = partsOf(text)
  if (!/^[\w.-]{1,249}$/.test(topic))
    throw new PresetProblem(`\`${text}\` names no topic: write kafka://TOPIC, such as kafka://cluster-changes`)
  const [unknown] = query.keys()
  if (unknown !== undefined)
    throw new PresetProblem(`\`${unknown}\` is unknown in a kafka:// URL, which has no parameters`)
  const brokers = listOf(env['KAFKA_BROKERS']).map((broker) => (/:\d+$/.test(broker) ? broker : `${broker}:9092`))
  if (brokers.length === 0)
    throw new PresetProblem(
      'kafka:// needs the addresses of brokers in KAFKA_BROKERS, such as kafka-1.messaging:9092,kafka-2.messaging:9092',
    )
  return { sink: { type: 'kafka', brokers, topic, partitioner: 'fnv1a' }, secrets: {}, notes: [] }
}

function rabbitBus(text: string, env: BusInput['env'], secret: (name: string) => string): Bus {
  const { name: exchange, query } = partsOf(text)
  if (exchange === '')
    throw new PresetProblem(`\`${text}\` names no exchange: write rabbit://EXCHANGE, such as rabbit://cluster-changes`)
  const [unknown] = query.keys()
  if (unknown !== undefined)
    throw new PresetProblem(
      `\`${unknown}\` is unknown in a rabbit:// URL; set the routing key with WEIR_SINKS_KOLLECT_ROUTING_KEY`,
    )
  const server = (env['RABBIT_SERVER_URL'] ?? '').trim()
  if (!/^amqps?:\/\//.test(server))
    throw new PresetProblem(
      'rabbit:// needs the address of a server in RABBIT_SERVER_URL, such as ' +
        'amqp://user:password@rabbit.messaging:5672/',
    )
  const { plain, user, password } = loginOf(server)
  const { protocol, host, pathname } = new URL(plain)
  return {
    sink: {
      type: 'rabbitmq',
      url: `${protocol}//${host}`,
      ...(pathname.length > 1 ? { vhost: decodeURIComponent(pathname.slice(1)) } : {}),
      exchange,
      routing_key: '',
      ...(user === undefined ? {} : { auth: { type: 'user', user, password: secret('rabbit-password') } }),
    },
    secrets: user === undefined ? {} : { 'rabbit-password': password ?? 'guest' },
    notes: ['kollect drops a message if no queue is bound for it; Weir waits until one is.'],
  }
}

/** Parameters of the AWS SDK for Go that have no equivalent here. */
const ignoredOfAws = new Set(['awssdk', 's3ForcePathStyle', 'hostname_immutable'])

/** Host and path: the queue's URL; or the path: the topic's ARN. */
function awsBus(scheme: 'awssqs' | 'awssns', text: string): Bus {
  const { place, query } = partsOf(text)
  const region = query.get('region')
  const profile = query.get('profile')
  const endpoint = query.get('endpoint')
  const protocol = query.get('disableSSL') === 'true' ? 'http' : 'https'
  const known: ReadonlySet<string> = new Set(['region', 'profile', 'endpoint', 'disableSSL', ...ignoredOfAws])
  const unknown = [...query.keys()].find((name) => !known.has(name))
  if (unknown !== undefined)
    throw new PresetProblem(
      `\`${unknown}\` is unknown in an ${scheme}:// URL; the parameters are \`region\`, \`endpoint\`, ` +
        `\`disableSSL\` and \`profile\``,
    )
  if (scheme === 'awssqs' && !/^[^/]+\/[^/]+\/[^/]+$/.test(place))
    throw new PresetProblem(
      `\`${text}\` names no queue: write awssqs://HOST/ACCOUNT/QUEUE, such as ` +
        'awssqs://sqs.eu-central-1.amazonaws.com/123456789012/changes',
    )
  if (scheme === 'awssns' && !/^\/arn:[^:]+:sns:[^:]+:\d+:[\w.-]+$/.test(place))
    throw new PresetProblem(
      `\`${text}\` names no topic: write awssns:///ARN with three slashes, such as ` +
        'awssns:///arn:aws:sns:eu-central-1:123456789012:changes',
    )
  return {
    sink: {
      ...(scheme === 'awssqs'
        ? { type: 'aws-sqs', queue_url: `${protocol}://${place}` }
        : { type: 'aws-sns', topic_arn: place.slice(1) }),
      mode: 'raw',
      ...(region === null ? {} : { region }),
      ...(endpoint === null ? {} : { endpoint: endpoint.includes('://') ? endpoint : `${protocol}://${endpoint}` }),
      ...(profile === null ? {} : { auth: { type: 'default', profile } }),
    },
    secrets: {},
    notes: place.endsWith('.fifo')
      ? []
      : [
          'A standard queue or topic does not preserve order and may deliver twice. One with a name that ' +
            "ends in .fifo preserves the order of an object's changes.",
        ],
  }
}

/** `projects/P/topics/T` or `P/T`. PUBSUB_EMULATOR_HOST names an emulator without TLS and credentials. */
function pubsubBus(text: string, env: BusInput['env']): Bus {
  const { place, query } = partsOf(text)
  const [, project, topic] =
    /^(?:projects\/([^/]+)\/topics|([^/]+))\/([^/]+)\/?$/.exec(place)?.filter((part) => part !== undefined) ?? []
  if (project === undefined || topic === undefined)
    throw new PresetProblem(
      `\`${text}\` names no topic: write gcppubsub://projects/PROJECT/topics/TOPIC, or gcppubsub://PROJECT/TOPIC`,
    )
  const batch = query
  const unknown = [...batch.keys()].find((name) => name !== 'max_send_batch_size')
  if (unknown !== undefined)
    throw new PresetProblem(
      `\`${unknown}\` is unknown in a gcppubsub:// URL; the only parameter is \`max_send_batch_size\``,
    )
  const most = Number(batch.get('max_send_batch_size') ?? 1000)
  if (!Number.isInteger(most) || most < 1 || most > 1000) throw new PresetProblem('`max_send_batch_size` is 1 to 1000')
  const emulator = env['PUBSUB_EMULATOR_HOST'] ?? ''
  return {
    sink: {
      type: 'gcppubsub',
      project,
      topic,
      ...(most === 1000 ? {} : { request_messages: most }),
      ...(emulator === ''
        ? {}
        : { endpoint: emulator.includes(':') ? emulator : `${emulator}:8085`, auth: { type: 'none' } }),
    },
    secrets: {},
    notes: [],
  }
}

function azureBus(text: string, env: BusInput['env'], secret: (name: string) => string): Bus {
  const { name: entity, query } = partsOf(text)
  if (!/^[\p{L}\p{N}][\p{L}\p{N}._/-]*$/u.test(entity))
    throw new PresetProblem(`\`${text}\` names no topic: write azuresb://TOPIC, such as azuresb://cluster-changes`)
  const [unknown] = query.keys()
  if (unknown !== undefined)
    throw new PresetProblem(`\`${unknown}\` is unknown in an azuresb:// URL, which has no parameters`)
  const notes = [
    'Messages have no session, as in kollect. With WEIR_SINKS_KOLLECT_SESSIONS=true a queue or subscription ' +
      'with sessions delivers the changes of an object in order.',
  ]
  const [login, namespace] = ['SERVICEBUS_CONNECTION_STRING', 'AZURE_SERVICEBUS_HOSTNAME'].map((name) =>
    (env[name] ?? '').trim(),
  )
  if (login === '' && namespace !== '') {
    const { auth, secrets } = entraOf(env, secret)
    return { sink: { type: 'azure-servicebus', entity, namespace, auth }, secrets, notes }
  }
  if (login === undefined || login === '')
    throw new PresetProblem(
      'azuresb:// needs the connection string of a namespace in SERVICEBUS_CONNECTION_STRING, such as ' +
        'Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=weir;SharedAccessKey=..., or for Entra ' +
        'ID its host in AZURE_SERVICEBUS_HOSTNAME',
    )
  return {
    sink: { type: 'azure-servicebus', entity, connection_string: secret('servicebus-connection-string') },
    secrets: { 'servicebus-connection-string': login },
    notes,
  }
}

function entraOf(
  env: BusInput['env'],
  secret: (name: string) => string,
): Readonly<{ auth: object; secrets: Readonly<Record<string, string>> }> {
  const [tenant = '', client = '', own = '', authority = '', file = ''] = [
    'AZURE_TENANT_ID',
    'AZURE_CLIENT_ID',
    'AZURE_CLIENT_SECRET',
    'AZURE_AUTHORITY_HOST',
    'AZURE_FEDERATED_TOKEN_FILE',
  ].map((name) => (env[name] ?? '').trim())
  if (own !== '')
    return {
      auth: {
        type: 'client_secret',
        tenant,
        client,
        secret: secret('azure-client-secret'),
        ...(authority === '' ? {} : { authority }),
      },
      secrets: { 'azure-client-secret': own },
    }
  return {
    auth:
      file === '' ? { type: 'managed_identity', ...(client === '' ? {} : { client }) } : { type: 'workload_identity' },
    secrets: {},
  }
}

function httpBus(text: string, secret: (name: string) => string): Bus {
  const { plain, user, password } = loginOf(text)
  return {
    sink: {
      type: 'http',
      url: plain,
      ...(user === undefined ? {} : { auth: { type: 'basic', user, password: secret('http-password') } }),
    },
    secrets: user === undefined ? {} : { 'http-password': password ?? '' },
    notes: [],
  }
}
