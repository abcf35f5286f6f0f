import { describe, expect, test } from 'vitest'
import { kollectPreset, PresetProblem, type KollectFlags, type Generation, type KollectPlan } from './index.ts'

type Environment = Record<string, string>

const generationA: Environment = {
  EVENT_WRITER_URL: 'nats://cluster.changes',
  NATS_SERVER_URL: 'nats://nats:4222',
  CLUSTER_ID: 'prod',
}

function plan(env: Environment = generationA, flags: KollectFlags = {}, generation: Generation = 'a'): KollectPlan {
  return kollectPreset({ flags, env, generation, data: '/data' })
}

function problem(env: Environment, flags: KollectFlags = {}, generation: Generation = 'a'): string {
  try {
    return `no problem: ${JSON.stringify(plan(env, flags, generation))}`
  } catch (error) {
    if (!(error instanceof PresetProblem)) throw error
    return error.message
  }
}

const sourceOf = ({ config }: KollectPlan): unknown => (config['sources'] as Record<string, unknown>)['kubernetes']
const sinkOf = ({ config }: KollectPlan): Record<string, unknown> =>
  (config['sinks'] as Record<string, Record<string, unknown>>)['kollect'] ?? {}

const keep = ['resource-version', 'managed-fields', 'generation', 'heartbeats', 'leader', 'node-images']

test('the variables of the older kollect are a complete configuration', () => {
  expect(plan()).toEqual({
    config: {
      data: '/data',
      ops: '0.0.0.0:8081',
      log: { format: 'json' },
      store: { enabled: 'none' },
      sources: {
        kubernetes: { cluster: 'prod', namespaces: [], initial: 'silent', noise: { keep } },
        netflow: { listen: 'off', tcp: 'off' },
        sflow: { listen: 'off' },
      },
      sinks: {
        kollect: {
          type: 'nats',
          url: 'nats://nats:4222',
          subject: 'cluster.changes',
          wait_for: 'server',
          codec: 'kollect',
          from: ['kubernetes'],
          only: { family: ['change'] },
          when_behind: 'block',
        },
      },
    },
    secrets: {},
    notes: [expect.stringContaining('subscribers that are not connected miss them') as string],
  })
})

describe('generations', () => {
  test('the older one reads flags before variables', () => {
    const env = { ...generationA, NAMESPACE: 'of-variable', KUBECONFIG: '/etc/variable', WAIT_FOR_SYNC: 'false' }
    expect(sourceOf(plan(env))).toEqual({
      cluster: 'prod',
      namespaces: ['of-variable'],
      kubeconfig: '/etc/variable',
      initial: 'snapshot',
      noise: { keep },
    })
    const flags = {
      namespace: 'of-flag',
      kubeConfig: '/etc/flag',
      waitForSync: true,
      clusterId: 'test',
      eventWriterUrl: 'https://hooks.example/in',
    }
    expect(sourceOf(plan(env, flags))).toEqual({
      cluster: 'test',
      namespaces: ['of-flag'],
      kubeconfig: '/etc/flag',
      initial: 'silent',
      noise: { keep },
    })
    expect(sinkOf(plan(env, flags))).toMatchObject({ type: 'http', url: 'https://hooks.example/in' })
  })

  test('the later one reads only flags, and the variables of its buses', () => {
    const env = { ...generationA, NAMESPACE: 'of-variable', KUBECONFIG: '/etc/variable', WAIT_FOR_SYNC: 'true' }
    const made = plan(env, { eventWriterUrl: 'nats://x' }, 'b')
    expect(sourceOf(made)).toEqual({ cluster: 'default', namespaces: [], initial: 'snapshot', noise: { keep } })
    expect(sinkOf(made)).toMatchObject({ url: 'nats://nats:4222', subject: 'x' })
    expect(made.notes.join(' ')).toMatch(/cluster id `default`.*emitted as created once/s)
  })

  test.each<[string, boolean]>([
    ['1', true],
    ['t', true],
    ['TRUE', true],
    ['0', false],
    ['F', false],
    ['false', false],
  ])('WAIT_FOR_SYNC=%s is %s', (value, wait) => {
    expect(sourceOf(plan({ ...generationA, WAIT_FOR_SYNC: value }))).toMatchObject({
      initial: wait ? 'silent' : 'snapshot',
    })
  })

  test('input that kollect rejects is rejected with a message', () => {
    const { EVENT_WRITER_URL: _url, ...noBus } = generationA
    expect(problem(noBus)).toMatch(/no bus to write to: set --event-writer-url or EVENT_WRITER_URL/)
    expect(problem(generationA, {}, 'b')).toMatch(/no bus to write to: set --event-writer-url,/)
    const { CLUSTER_ID: _id, ...nameless } = generationA
    expect(problem(nameless)).toMatch(/set --cluster-id or CLUSTER_ID/)
    expect(problem({ ...generationA, WAIT_FOR_SYNC: 'yes' })).toBe('WAIT_FOR_SYNC is `yes`; it must be true or false')
    expect(problem(generationA, { autoMaxProcsDisabled: 'maybe' })).toBe(
      '--auto-max-procs-disabled is `maybe`; it must be true or false',
    )
  })
})

describe('buses', () => {
  const bus = (url: string, more: Environment = {}): KollectPlan =>
    plan({ ...generationA, ...more, EVENT_WRITER_URL: url })

  test('NATS: several servers, credentials in the address, a stream', () => {
    const made = bus('nats://a.b?stream=CHANGES', { NATS_SERVER_URL: 'nats://weir:p%40ss@one:4222, two:4223' })
    expect(sinkOf(made)).toMatchObject({
      url: 'nats://one:4222',
      fallback_urls: ['nats://two:4223'],
      subject: 'a.b',
      stream: 'CHANGES',
      create_stream: true,
      auth: { type: 'user', user: 'weir', password: 'file:/data/kollect-nats-password' },
    })
    expect(sinkOf(made)).not.toHaveProperty('wait_for')
    expect(made.secrets).toEqual({ 'kollect-nats-password': 'p@ss' })
    expect(JSON.stringify(made.config)).not.toContain('p@ss')
    const token = bus('nats://a', { NATS_SERVER_URL: 'tls://s3cret@one:4222' })
    expect(sinkOf(token)).toMatchObject({
      url: 'tls://one:4222',
      auth: { type: 'token', token: 'file:/data/kollect-nats-token' },
    })
    expect(token.secrets).toEqual({ 'kollect-nats-token': 's3cret' })
  })

  test('Kafka: several brokers, the same partitions as kollect', () => {
    const made = bus('kafka://cluster.changes', { KAFKA_BROKERS: 'one:9092, two' })
    expect(sinkOf(made)).toMatchObject({
      type: 'kafka',
      brokers: ['one:9092', 'two:9092'],
      topic: 'cluster.changes',
      partitioner: 'fnv1a',
      codec: 'kollect',
    })
    expect([made.secrets, made.notes]).toEqual([{}, []])
    expect(problem({ ...generationA, EVENT_WRITER_URL: 'kafka://topic' })).toMatch(/KAFKA_BROKERS/)
    for (const [url, words] of [
      ['kafka://', 'names no topic'],
      ['kafka://a/b', 'names no topic'],
      ['kafka://a?group=b', '`group` is unknown'],
    ] as const)
      expect(problem({ ...generationA, KAFKA_BROKERS: 'one', EVENT_WRITER_URL: url })).toContain(words)
  })

  test("Amazon: a queue by its URL, a topic by its ARN, messages for kollect's consumers", () => {
    const queue = bus(
      'awssqs://sqs.eu-west-1.amazonaws.com/123/changes.fifo?region=eu-west-1&awssdk=v2&profile=weir',
      {},
    )
    expect(sinkOf(queue)).toMatchObject({
      type: 'aws-sqs',
      queue_url: 'https://sqs.eu-west-1.amazonaws.com/123/changes.fifo',
      region: 'eu-west-1',
      mode: 'raw',
      codec: 'kollect',
      auth: { type: 'default', profile: 'weir' },
    })
    expect([queue.secrets, queue.notes]).toEqual([{}, []])
    const topic = bus('awssns:///arn:aws:sns:us-east-2:123:changes?endpoint=localhost:4566&disableSSL=true', {})
    expect(sinkOf(topic)).toMatchObject({
      type: 'aws-sns',
      topic_arn: 'arn:aws:sns:us-east-2:123:changes',
      endpoint: 'http://localhost:4566',
      mode: 'raw',
      codec: 'kollect',
    })
    expect(topic.notes).toEqual([expect.stringContaining('does not preserve order')])
    for (const [url, words] of [
      ['awssqs://queue', 'names no queue'],
      ['awssns://arn:aws:sns:us-east-2:123:changes', 'names no topic'],
      ['awssqs://h/1/q?raw=true', '`raw` is unknown'],
    ] as const)
      expect(problem({ ...generationA, EVENT_WRITER_URL: url })).toContain(words)
  })

  test('gcppubsub:// accepts both forms of a topic, and the emulator of its variable', () => {
    const made = bus('gcppubsub://projects/shop-1/topics/changes', {})
    expect(sinkOf(made)).toMatchObject({ type: 'gcppubsub', project: 'shop-1', topic: 'changes', codec: 'kollect' })
    expect(made.secrets).toEqual({})
    expect(
      sinkOf(bus('gcppubsub://shop-1/changes?max_send_batch_size=10', { PUBSUB_EMULATOR_HOST: 'localhost:8085' })),
    ).toMatchObject({
      project: 'shop-1',
      topic: 'changes',
      request_messages: 10,
      endpoint: 'localhost:8085',
      auth: { type: 'none' },
    })
    for (const [url, words] of [
      ['gcppubsub://shop-1', 'names no topic'],
      ['gcppubsub://a/b/c', 'names no topic'],
      ['gcppubsub://shop-1/x?y=1', '`y` is unknown'],
      ['gcppubsub://shop-1/x?max_send_batch_size=0', '1 to 1000'],
    ] as const)
      expect(problem({ ...generationA, EVENT_WRITER_URL: url })).toContain(words)
  })

  test('RabbitMQ: credentials and virtual host in the address, an empty routing key', () => {
    const made = bus('rabbit://cluster.changes', { RABBIT_SERVER_URL: 'amqps://weir:p%40ss@one:5671/shop%2Fprod' })
    expect(sinkOf(made)).toMatchObject({
      type: 'rabbitmq',
      url: 'amqps://one:5671',
      vhost: 'shop/prod',
      exchange: 'cluster.changes',
      routing_key: '',
      codec: 'kollect',
      auth: { type: 'user', user: 'weir', password: 'file:/data/kollect-rabbit-password' },
    })
    expect(made.secrets).toEqual({ 'kollect-rabbit-password': 'p@ss' })
    expect(JSON.stringify(made.config)).not.toContain('p@ss')
    const open = sinkOf(bus('rabbit://x', { RABBIT_SERVER_URL: 'amqp://one/' }))
    expect(open).toMatchObject({ url: 'amqp://one', exchange: 'x' })
    for (const name of ['vhost', 'auth']) expect(open).not.toHaveProperty(name)
    expect(problem({ ...generationA, EVENT_WRITER_URL: 'rabbit://x' })).toMatch(/RABBIT_SERVER_URL/)
    for (const [url, words] of [
      ['rabbit://', 'names no exchange'],
      ['rabbit://x?key_name=y', '`key_name` is unknown'],
    ] as const)
      expect(problem({ ...generationA, RABBIT_SERVER_URL: 'amqp://one', EVENT_WRITER_URL: url })).toContain(words)
  })

  test('HTTP with credentials', () => {
    const made = bus('https://me:secret@hooks.example/in?x=1')
    expect(sinkOf(made)).toMatchObject({
      type: 'http',
      url: 'https://hooks.example/in?x=1',
      auth: { type: 'basic', user: 'me', password: 'file:/data/kollect-http-password' },
    })
    expect(made.secrets).toEqual({ 'kollect-http-password': 'secret' })
  })

  test('azuresb:// is the topic, and the connection string is a secret', () => {
    const login = 'Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=weir;SharedAccessKey=a2V5'
    const made = bus('azuresb://cluster/changes', { SERVICEBUS_CONNECTION_STRING: login })
    expect(sinkOf(made)).toMatchObject({
      type: 'azure-servicebus',
      entity: 'cluster/changes',
      codec: 'kollect',
      connection_string: 'file:/data/kollect-servicebus-connection-string',
    })
    expect(made.secrets).toEqual({ 'kollect-servicebus-connection-string': login })
    expect(JSON.stringify(made.config)).not.toContain('a2V5')
    expect(made.notes).toEqual([expect.stringContaining('WEIR_SINKS_KOLLECT_SESSIONS')])
    for (const [url, words] of [
      ['azuresb://', 'names no topic'],
      ['azuresb://t?subscription=s', '`subscription` is unknown'],
    ] as const)
      expect(problem({ ...generationA, SERVICEBUS_CONNECTION_STRING: login, EVENT_WRITER_URL: url })).toContain(words)
    expect(problem({ ...generationA, EVENT_WRITER_URL: 'azuresb://t' })).toContain('SERVICEBUS_CONNECTION_STRING')
  })

  test('azuresb:// with a namespace uses the Entra ID credentials of the environment', () => {
    const at = (env: Record<string, string>) =>
      bus('azuresb://t', { AZURE_SERVICEBUS_HOSTNAME: 'shop.servicebus.windows.net', ...env })
    const ids = { AZURE_TENANT_ID: 'tenant', AZURE_CLIENT_ID: 'client' }
    const own = at({ ...ids, AZURE_CLIENT_SECRET: 'a2V5', AZURE_FEDERATED_TOKEN_FILE: '/token' })
    expect(sinkOf(own)).toMatchObject({
      namespace: 'shop.servicebus.windows.net',
      auth: {
        type: 'client_secret',
        tenant: 'tenant',
        client: 'client',
        secret: 'file:/data/kollect-azure-client-secret',
      },
    })
    expect([own.secrets, JSON.stringify(own.config).includes('a2V5')]).toEqual([
      { 'kollect-azure-client-secret': 'a2V5' },
      false,
    ])
    expect(sinkOf(at({ ...ids, AZURE_FEDERATED_TOKEN_FILE: '/token' }))).toMatchObject({
      auth: { type: 'workload_identity' },
    })
    expect(sinkOf(at({ AZURE_CLIENT_ID: 'client' }))).toMatchObject({
      auth: { type: 'managed_identity', client: 'client' },
    })
  })

  test.each([
    ['mem://topic', /inside one process/],
    ['redis://x', /redis:\/\/ is not a bus of kollect or Weir/],
    ['changes', /is no URL of a bus/],
    ['nats://', /names no subject/],
    ['nats://a b', /names no subject/],
    ['nats://a.*', /names no subject/],
    ['nats://a?queue=x', /`queue` is unknown/],
    ['https://', /is no URL of a server/],
  ])('%s is a problem', (url, words) => {
    expect(problem({ ...generationA, EVENT_WRITER_URL: url })).toMatch(words)
  })

  test('NATS without a server is rejected, and no message shows a password', () => {
    const { NATS_SERVER_URL: _server, ...without } = generationA
    expect(problem(without)).toMatch(/NATS_SERVER_URL/)
    expect(problem({ ...generationA, NATS_SERVER_URL: 'nats://me:secret@' })).toBe(
      '`nats://***@` is no URL of a server',
    )
  })
})

test.each(['zipkin://host:9411/api/v2/spans', 'otlp://host:4318', 'https://host/v1/traces'])(
  'traces are sent to %s',
  (url) => {
    const { config, notes } = plan({ ...generationA, TELEMETRY_URL: url })
    expect(config['telemetry']).toEqual({ traces: { url } })
    expect(notes).toHaveLength(1)
  },
)

test('a jaeger URL logs that its agent was removed, and the new destination', () => {
  const { config, notes } = plan({ ...generationA, TELEMETRY_URL: 'jaeger://host:6831' })
  expect(config['telemetry']).toEqual({ traces: { url: 'http://host:4318/v1/traces' } })
  expect(notes.at(-1)).toMatch(/Jaeger 2 has no agent, .*: traces are sent as OTLP to http:\/\/host:4318\.$/)
})

test('a trace scheme that kollect rejects is rejected', () => {
  expect(problem({ ...generationA, TELEMETRY_URL: 'statsd://x' })).toMatch(/is no URL for traces/)
  expect(plan({ ...generationA, TELEMETRY_URL: 'noop://' })).toEqual(plan())
})
