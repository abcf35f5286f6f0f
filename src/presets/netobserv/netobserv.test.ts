import { describe, expect, test } from 'vitest'
import { file, flows, grpc, part, plan, problem, stdout, type Stage } from './testing/plan.ts'

test('a pipeline from agents to Kafka is a whole configuration', () => {
  const kafka: Stage = {
    name: 'kafka-export',
    follows: 'ingest',
    is: { encode: { type: 'kafka', kafka: { address: 'kafka:9092', topic: 'flows-export', batchSize: 10 } } },
  }
  expect(plan({ 'log-level': 'debug', ...file(grpc, kafka) })).toEqual({
    config: {
      data: '/data',
      ops: ['0.0.0.0:9090'],
      log: { format: 'json', level: 'debug' },
      store: { enabled: 'none' },
      telemetry: { netobserv_prefix: '' },
      sources: {
        netflow: { listen: 'off', tcp: 'off' },
        sflow: { listen: 'off' },
        ingest: { type: 'netobserv', listen: '0.0.0.0:2055' },
      },
      sinks: {
        'kafka-export': {
          type: 'kafka',
          brokers: ['kafka:9092'],
          topic: 'flows-export',
          codec: 'netobserv-json',
          mode: 'raw',
          tcp_flags: 'number',
          from: ['ingest'],
          only: flows,
        },
      },
    },
    files: {},
    notes: ['parameters[1].encode.kafka.batchSize: without effect; set `delivery.events`'],
  })
})

describe('sources', () => {
  test('gRPC with TLS verifies agents', () => {
    const tls = { port: 9999, certPath: '/c/tls.crt', keyPath: '/c/tls.key', clientCAPath: '/c/ca.crt' }
    const made = plan(file({ name: 'ingest', is: { ingest: { type: 'grpc', grpc: tls } } }, stdout('ingest')))
    expect(part(made, 'sources')['ingest']).toEqual({
      type: 'netobserv',
      listen: '0.0.0.0:9999',
      tls: { cert_file: '/c/tls.crt', key_file: '/c/tls.key', client_ca_file: '/c/ca.crt' },
    })
  })

  test.each([
    ['protobuf', 'pbflow'],
    ['json', 'netobserv-json'],
  ])('Kafka with the decoder %s is read with the codec %s', (type, codec) => {
    const kafka = {
      brokers: ['kafka-1:9093', 'kafka-2'],
      topic: 'network-flows',
      groupid: 'flp',
      startOffset: 'LastOffset',
      decoder: { type },
      tls: { caCertPath: '/c/ca', userCertPath: '/c/crt', userKeyPath: '/c/key', insecureSkipVerify: true },
      sasl: { type: 'scramSHA512', clientIDPath: '/s/id', clientSecretPath: '/s/secret' },
    }
    const made = plan(file({ name: 'in', is: { ingest: { type: 'kafka', kafka } } }, stdout('in')))
    expect(part(made, 'sources')['in']).toEqual({
      type: 'kafka',
      brokers: ['kafka-1:9093', 'kafka-2:9092'],
      topics: ['network-flows'],
      group: 'flp',
      offset: 'newest',
      codec,
      tls: { ca_file: '/c/ca', cert_file: '/c/crt', key_file: '/c/key', verify: false },
      auth: { type: 'scram-sha-512', user: 'content of /s/id', password: 'file:/s/secret' },
    })
    expect(made.notes).toEqual([])
  })

  test('IPFIX listens on both ports and stores mapped elements', () => {
    const ipfix = {
      port: 4739,
      portLegacy: 2055,
      sockets: 2,
      mapping: [
        { field: 95, pen: 9, penprovided: true, destination: 'CustomBytes1' },
        { field: 7, destination: 'CustomInteger1' },
        { field: 57_590, destination: 'CustomInteger2' },
      ],
    }
    const made = plan(file({ name: 'in', is: { ingest: { type: 'ipfix', ipfix } } }, stdout('in')))
    expect(part(made, 'sources')['in']).toEqual({
      type: 'netflow',
      listen: ['0.0.0.0:4739', '0.0.0.0:2055'],
      tcp: 'off',
      elements: 'none',
      element_names: [
        { pen: 9, element: 95, name: 'CustomBytes1', type: 'hex' },
        { pen: 0, element: 7, name: 'CustomInteger1', type: 'unsigned' },
        { pen: 0, element: 57_590, name: 'CustomInteger2', type: 'unsigned' },
      ],
    })
    expect(made.notes).toEqual([expect.stringMatching(/^parameters\[0\]\.ingest\.ipfix\.sockets: without effect/)])
  })

  test.each([
    ['file', { path: '/in/flows.json' }],
    ['file_chunks', { path: '/in/flows.json' }],
    ['file_loop', { path: '/in/flows.json', repeat: '10s' }],
    ['stdin', { path: '-' }],
  ])('%s reads lines', (type, source) => {
    const lines = { filename: '/in/flows.json', decoder: { type: 'json' } }
    const ingest = { type, ...(type === 'stdin' ? {} : { file: lines }) }
    const made = plan(file({ name: 'in', is: { ingest } }, stdout('in')))
    expect(part(made, 'sources')['in']).toEqual({ type: 'file', codec: 'netobserv-json', ...source })
  })

  test('other sources are named', () => {
    const ingest = { type: 'synthetic', synthetic: { connections: 10 } }
    expect(problem(file({ name: 'in', is: { ingest } }, stdout('in')))).toMatch(
      /^parameters\[0\]\.ingest\.type: Weir has no source for `synthetic`; supported: grpc, kafka, ipfix/,
    )
    const binary = { type: 'file', file: { filename: 'x', decoder: { type: 'protobuf' } } }
    expect(problem(file({ name: 'in', is: { ingest: binary } }, stdout('in')))).toMatch(/decoder: lines are JSON/)
  })
})

describe('flags', () => {
  test('override sections of the file', () => {
    const { pipeline, parameters } = file(grpc, stdout('ingest'))
    const made = plan(
      { pipeline: [] },
      {
        flags: {
          pipeline: JSON.stringify(pipeline),
          parameters: JSON.stringify(parameters),
          metricsSettings: '{"disableGlobalServer":true}',
          healthAddr: ':8080',
          pprofAddr: '127.0.0.1:6060',
          logLevel: 'warning',
        },
      },
    )
    expect(made.config).toMatchObject({
      listen: '127.0.0.1:8088',
      ops: ['0.0.0.0:8080', '127.0.0.1:6060'],
      log: { level: 'warn' },
    })
  })

  test('without an equivalent are named', () => {
    const given = file(grpc, stdout('ingest'))
    expect(problem(given, { dynamicParameters: '{"name":"x"}', k8scachePort: '9090' })).toMatch(
      /dynamicParameters: a ConfigMap is not watched.*\n.*--k8scache\.port: no cache server/,
    )
    expect(problem(given, { healthAddr: 'nowhere' })).toBe('--healthAddr is `nowhere`; it must be HOST:PORT or :PORT')
    expect(problem(given, { pipeline: '[' })).toBe('--pipeline is no JSON')
  })
})

describe('a file that flowlogs-pipeline rejects is rejected', () => {
  test.each<[string, unknown, RegExp]>([
    [
      'an unknown key',
      file({ name: 'in', is: { ingest: { type: 'grpc', grpc: { prot: 1 } } } }),
      /^parameters\[0\]\.ingest\.grpc\.prot: unknown key; did you mean port\?$/,
    ],
    [
      'a wrong type',
      file({ name: 'in', is: { ingest: { type: 'grpc', grpc: { port: 'x' } } } }),
      /^parameters\[0\]\.ingest\.grpc\.port: expected an integer, not `x`$/,
    ],
    [
      'an unknown stage type',
      file({ name: 'in', is: { write: { type: 'lokki' } } }),
      /write\.type: expected one of stdout, loki, .*, not `lokki`$/,
    ],
    [
      'a stage that follows none',
      file(grpc, stdout('nothing')),
      /^pipeline: stage `out` follows `nothing`, which does not exist$/,
    ],
    ['a stage twice', file(grpc, grpc), /two stages have the name `ingest`/],
    ['a cycle', file(grpc, { ...stdout('x'), name: 'y' }, { ...stdout('y'), name: 'x' }), /stage `y` follows itself/],
    ['no parameters', { pipeline: [{ name: 'in' }] }, /stage `in` of the pipeline has none/],
    [
      'a first stage that is no ingest',
      file({ ...stdout(''), name: 'out' }),
      /stage `out` follows no other and is no ingest/,
    ],
    ['no pipeline', {}, /^flp\.yaml has no pipeline$/],
    ['no YAML', 'a: [', /^flp\.yaml is no YAML or JSON: /],
  ])('%s', (_, given, message) => {
    expect(problem(given)).toMatch(message)
  })

  test('keys in another case are accepted, as there', () => {
    const made = plan({
      PIPELINE: [{ Name: 'in' }, { name: 'out', Follows: 'in' }],
      parameters: [
        { name: 'in', ingest: { TYPE: 'grpc', grpc: { Port: 1 } } },
        { name: 'out', write: { type: 'stdout' } },
      ],
    })
    expect(part(made, 'sources')['in']).toEqual({ type: 'netobserv', listen: '0.0.0.0:1' })
  })
})

test('texts like variables of the environment stay as they are', () => {
  const kafka = { address: 'kafka:9092', topic: '${TOPIC}' }
  const made = plan(file(grpc, { name: 'k', follows: 'ingest', is: { encode: { type: 'kafka', kafka } } }))
  expect(part(made, 'sinks')['k']).toMatchObject({ topic: '$${TOPIC}' })
})
