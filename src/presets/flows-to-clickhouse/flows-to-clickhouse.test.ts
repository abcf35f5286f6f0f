import { expect, test } from 'vitest'
import { clickhouseSchema } from '../../connectors/clickhouse/config.ts'
import { configFrom } from '../../schema/index.ts'
import { flowsToClickHousePreset, PresetProblem, type FlowsToClickHouseFlags } from './index.ts'

const original = { kafkaurl: 'kafka-cluster-kafka-bootstrap.netobserv', clickhouseurl: 'clickhouse.default:8123' }

function plan(flags: FlowsToClickHouseFlags = original, env: Record<string, string> = {}) {
  return flowsToClickHousePreset({ flags, env, data: 'data' })
}

const sourceOf = (made: ReturnType<typeof plan>): unknown =>
  (made.config['sources'] as Record<string, unknown>)['flows']
const sinkOf = (made: ReturnType<typeof plan>): unknown =>
  (made.config['sinks'] as Record<string, unknown>)['clickhouse']

test("the original's flags are a complete configuration with its topic, group and table", () => {
  expect(plan()).toEqual({
    config: {
      data: './data',
      ops: '0.0.0.0:8081',
      log: { level: 'info' },
      store: { enabled: 'none' },
      sources: {
        flows: {
          type: 'kafka',
          brokers: ['kafka-cluster-kafka-bootstrap.netobserv:9092'],
          topics: ['flows-export'],
          group: 'to-clickhouse',
          offset: 'oldest',
          codec: 'netobserv-json',
          ack: 'sink:clickhouse',
        },
        netflow: { listen: 'off', tcp: 'off' },
        sflow: { listen: 'off' },
      },
      sinks: {
        clickhouse: {
          url: 'http://clickhouse.default:8123',
          database: 'default',
          table_prefix: '',
          layout: 'netobserv-example',
          from: ['flows'],
          when_behind: 'block',
          delivery: { wait: '1s', retry_max: '10s' },
        },
      },
    },
    notes: [],
  })
})

test('without -clickhouseurl flows are printed, as the original does', () => {
  const made = plan({ kafkaurl: 'a:9093,b', clickhouseurl: '' })
  expect(made.config['sinks']).toEqual({
    stdout: { codec: 'netobserv-json', from: ['flows'], when_behind: 'block' },
  })
  expect(sourceOf(made)).toMatchObject({ brokers: ['a:9093', 'b:9092'] })
  expect(sourceOf(made)).not.toHaveProperty('ack')
  expect(made.notes).toEqual(['-clickhouseurl is empty: flows are printed to standard output.'])
})

test.each([
  ['clickhouse', 'http://clickhouse:8123'],
  ['clickhouse:18123', 'http://clickhouse:18123'],
  ['http://clickhouse:80', 'http://clickhouse:80'],
  ['https://clickhouse', 'https://clickhouse:8443'],
  ['https://clickhouse:443/', 'https://clickhouse:443'],
  ['[::1]:8123', 'http://[::1]:8123'],
])('-clickhouseurl %s is %s', (clickhouseurl, url) => {
  const sink = sinkOf(plan({ ...original, clickhouseurl })) as Record<string, unknown>
  expect(sink['url']).toBe(url)
  const { from: _from, when_behind: _behind, delivery: _delivery, ...own } = sink
  expect(configFrom(clickhouseSchema, own as never)).toMatchObject({ layout: 'netobserv-example', database: 'default' })
})

test('TLS, SASL and logins are flags and variables; passwords stay in their variables or files', () => {
  const made = plan(
    {
      kafkaurl: 'kafka:9093',
      clickhouseurl: 'https://clickhouse:8443',
      kafkaSasl: 'SCRAM-SHA-512',
      kafkaCa: '/ca.pem',
      user: 'weir',
      database: 'net',
    },
    {
      KAFKA_USER: 'reader',
      KAFKA_PASSWORD: 'hidden1',
      CLICKHOUSE_PASSWORD: 'hidden2',
      CLICKHOUSE_CA_FILE: '/own.pem',
      LOG_LEVEL: 'trace',
      KAFKA_TOPIC: 'flows',
    },
  )
  expect(sourceOf(made)).toMatchObject({
    topics: ['flows'],
    auth: { type: 'scram-sha-512', user: 'reader', password: 'env:KAFKA_PASSWORD' },
    tls: { ca_file: '/ca.pem' },
  })
  expect(sinkOf(made)).toMatchObject({
    database: 'net',
    auth: { type: 'basic', user: 'weir', password: 'env:CLICKHOUSE_PASSWORD' },
    tls: { ca_file: '/own.pem' },
  })
  expect(made.config['log']).toEqual({ level: 'debug' })
  expect(JSON.stringify(made)).not.toContain('hidden')
  const certified = plan(
    { ...original, clickhouseurl: 'https://c', kafkaTls: true, user: 'weir', cert: '/c.pem', key: '/k.pem' },
    { CLICKHOUSE_PASSWORD: '' },
  )
  expect(sourceOf(certified)).toMatchObject({ tls: {} })
  expect(sinkOf(certified)).toMatchObject({
    auth: { type: 'certificate', user: 'weir' },
    tls: { cert_file: '/c.pem', key_file: '/k.pem' },
  })
})

test('an unknown level is info, with a note', () => {
  const made = plan({ ...original, loglevel: 'loud' })
  expect([made.config['log'], made.notes]).toEqual([{ level: 'info' }, ['-loglevel loud is unknown: info applies.']])
})

test.each<[FlowsToClickHouseFlags, Record<string, string>, string]>([
  [{}, {}, '-kafkaurl is not set'],
  [{ kafkaurl: 'kafka://a' }, {}, '-kafkaurl has `kafka://a`'],
  [{ ...original, clickhouseurl: 'clickhouse.default:9000' }, {}, 'clickhouse.default:8123, or https://'],
  [{ ...original, clickhouseurl: 'clickhouse.default:9440' }, {}, 'https://clickhouse.default:8443'],
  [{ ...original, clickhouseurl: 'tcp://c:1' }, {}, 'it must be a host and port'],
  [{ ...original, clickhouseurl: 'http://me:hidden@c:8123' }, {}, 'contains a login'],
  [{ ...original, kafkaSasl: 'gssapi' }, {}, 'KAFKA_SASL is `gssapi`'],
  [{ ...original, kafkaSasl: 'plain' }, {}, 'KAFKA_USER is not'],
  [{ ...original, kafkaUser: 'me' }, {}, 'KAFKA_SASL is not'],
  [{ ...original, kafkaSasl: 'plain', kafkaUser: 'me' }, {}, 'KAFKA_PASSWORD is not set'],
  [{ ...original, kafkaCert: '/c' }, {}, 'KAFKA_CERT_FILE and KAFKA_KEY_FILE go together'],
  [{ ...original, ca: '/ca' }, {}, 'is plain HTTP'],
  [{ ...original, user: 'me' }, {}, 'set CLICKHOUSE_PASSWORD'],
  [original, { KAFKA_TLS: 'yes' }, 'KAFKA_TLS is `yes`'],
])('%j and %j are a problem', (flags, env, words) => {
  let message = ''
  try {
    plan(flags, env)
  } catch (error) {
    message = error instanceof PresetProblem ? error.message : String(error)
  }
  expect(message).toContain(words)
  expect(message).not.toContain('hidden')
})
