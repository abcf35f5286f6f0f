import { describe, expect, test } from 'vitest'
import type { NetobservPlan } from './index.ts'
import { file, flows, grpc, part, plan, problem, stdout, type Stage } from './testing/plan.ts'

describe('sinks', () => {
  const sink = (is: Stage['is'], more: Record<string, unknown> = {}): NetobservPlan =>
    plan({ ...file(grpc, { name: 'x', follows: 'ingest', is }), ...more })

  test('Loki has its labels, tenant, credentials and limits', () => {
    const made = sink({
      write: {
        type: 'loki',
        loki: {
          url: 'https://loki:3100/',
          tenantID: 'netobserv',
          labels: ['SrcK8S_Namespace', 'FlowDirection'],
          staticLabels: { app: 'flows' },
          timestampLabel: 'TimeFlowEndMs',
          timestampScale: '1ms',
          batchSize: 10_485_760,
          batchWait: '1.5s',
          minBackoff: '1s',
          maxBackoff: '5s',
          maxRetries: 2,
          timeout: '10s',
          clientConfig: {
            authorization: { type: 'Bearer', credentials_file: '/var/token' },
            tls_config: { ca_file: '/var/ca.crt' },
            proxy_url: null,
          },
        },
      },
    })
    expect(part(made, 'sinks')['x']).toEqual({
      type: 'loki',
      url: 'https://loki:3100',
      tenant: 'netobserv',
      labels: ['SrcK8S_Namespace', 'FlowDirection'],
      static_labels: { app: 'flows' },
      timestamp: 'time_end',
      request_bytes: '10485760B',
      tcp_flags: 'number',
      auth: { type: 'bearer', token: 'file:/var/token' },
      tls: { ca_file: '/var/ca.crt' },
      timeout: '10s',
      delivery: { wait: '1500ms', retry_initial: '1s', retry_max: '5s' },
      from: ['ingest'],
      only: flows,
    })
    expect(made.notes).toEqual([expect.stringContaining('loki.maxRetries: without effect')])
  })

  test('secrets in the file are stored in the data folder and referred to', () => {
    const loki = sink({
      write: {
        type: 'loki',
        loki: { url: 'http://loki:3100', clientConfig: { basic_auth: { username: 'u', password: 'hidden' } } },
      },
    })
    expect(part(loki, 'sinks')['x']).toMatchObject({
      auth: { type: 'basic', user: 'u', password: 'file:/data/netobserv-x-password' },
    })
    const otlplogs = { address: 'otel', port: 4317, headers: { Authorization: 'Bearer hidden', 'x-site': 'edge' } }
    const otlp = sink({ encode: { type: 'otlplogs', otlplogs } })
    expect(part(otlp, 'sinks')['x']).toMatchObject({
      auth: { type: 'bearer', token: 'file:/data/netobserv-x-token' },
      headers: { 'x-site': 'edge' },
    })
    for (const made of [loki, otlp]) {
      expect(Object.values(made.files)).toEqual(['hidden'])
      expect(JSON.stringify([made.config, made.notes])).not.toContain('hidden')
    }
  })

  test('IPFIX has its target and templates', () => {
    const ipfix = {
      targetHost: '2001:db8::1',
      targetPort: 4739,
      transport: 'udp',
      enterpriseId: 2,
      tplSendInterval: '1m',
    }
    expect(part(sink({ write: { type: 'ipfix', ipfix } }), 'sinks')['x']).toEqual({
      type: 'ipfix',
      elements: 'netobserv',
      target: '[2001:db8::1]:4739',
      transport: 'udp',
      enterprise_id: 2,
      template_interval: '1m',
      from: ['ingest'],
      only: flows,
    })
  })

  test('Prometheus has its metrics on the port of the pipeline', () => {
    const made = sink(
      {
        encode: {
          type: 'prom',
          prom: {
            prefix: 'netobserv_',
            expiryTime: '2m',
            maxMetrics: 1000,
            metrics: [
              {
                name: 'workload_ingress_bytes_total',
                type: 'counter',
                valueKey: 'Bytes',
                filters: [{ key: 'FlowDirection', value: 1, type: 'not_equal' }],
                labels: ['SrcK8S_Namespace'],
                remap: { SrcK8S_Namespace: 'source' },
              },
              {
                name: 'rtt_seconds',
                type: 'histogram',
                valueKey: 'TimeFlowRttNs',
                valueScale: 1e9,
                buckets: [0.005, 1],
              },
            ],
          },
        },
      },
      { metricsSettings: { port: 9102, prefix: 'flp_op_', tls: { certPath: '/m/crt', keyPath: '/m/key' } } },
    )
    expect(part(made, 'sinks')['x']).toEqual({
      type: 'prometheus',
      listen: '0.0.0.0:9102',
      tls: { cert_file: '/m/crt', key_file: '/m/key' },
      include: [],
      custom: [
        {
          name: 'workload_ingress_bytes_total',
          type: 'counter',
          value: 'Bytes',
          filters: [{ field: 'FlowDirection', type: 'not_equal', value: '1' }],
          labels: ['SrcK8S_Namespace'],
          remap: { SrcK8S_Namespace: 'source' },
        },
        { name: 'rtt_seconds', type: 'histogram', value: 'TimeFlowRttNs', divide: 1e9, buckets: ['0.005', '1'] },
      ],
      prefix: 'netobserv_',
      expiry: '2m',
      max_series: 1000,
      from: ['ingest'],
      only: flows,
    })
    expect(made.config['ops']).toEqual(['0.0.0.0:8081'])
  })

  test('OpenTelemetry logs have renamed fields', () => {
    const rename: Stage = {
      name: 'rename',
      follows: 'ingest',
      is: {
        transform: {
          type: 'generic',
          generic: { policy: 'replace_keys', rules: [{ input: 'SrcAddr', output: 'source.address' }] },
        },
      },
    }
    const logs: Stage = {
      name: 'logs',
      follows: 'rename',
      is: { encode: { type: 'otlplogs', otlplogs: { address: 'otel', port: 4317, connectionType: 'grpc' } } },
    }
    expect(part(plan(file(grpc, rename, logs)), 'sinks')['logs']).toMatchObject({
      type: 'otlp',
      fields_mapping: { SrcAddr: 'source.address' },
      from: ['ingest'],
    })
  })

  test('gRPC has its target', () => {
    const collector = {
      name: 'cli',
      follows: 'ingest',
      is: { write: { type: 'grpc', grpc: { targetHost: '2001:db8::1', targetPort: 9999 } } },
    }
    expect(part(plan(file(grpc, collector)), 'sinks')['cli']).toEqual({
      type: 'netobserv',
      url: 'grpc://[2001:db8::1]:9999',
      tcp_flags: 'number',
      from: ['ingest'],
      only: { family: ['flow'] },
    })
  })

  test('S3 has its bucket, objects and credentials', () => {
    const s3 = {
      account: 'tenant',
      endpoint: 'minio.storage:9000',
      accessKeyId: 'id',
      secretAccessKey: 'secret',
      bucket: 'flows',
      writeTimeout: '2m',
      batchSize: 500,
      objectHeaderParameters: { site: 'west', rack: 7 },
    }
    const made = plan(file(grpc, { name: 'objects', follows: 'ingest', is: { encode: { type: 's3', s3 } } }))
    expect(part(made, 'sinks')['objects']).toEqual({
      type: 's3',
      bucket: 'flows',
      endpoint: 'http://minio.storage:9000',
      region: 'us-east-1',
      prefix: 'tenant',
      format: 'netobserv',
      tcp_flags: 'number',
      header: { site: 'west', rack: '7' },
      auth: { type: 'keys', access_key_id: 'id', secret_access_key: 'file:/data/netobserv-objects-secret-key' },
      object_rows: 500,
      delivery: { events: 500, wait: '2m' },
      from: ['ingest'],
      only: { family: ['flow'] },
    })
    expect(made.files).toMatchObject({ 'netobserv-objects-secret-key': 'secret' })
    expect(made.notes).toContain('parameters[1].encode.s3.objectHeaderParameters.rack: is written as a text')
  })

  test.each([
    [{ encode: { type: 'otlptraces', otlptraces: { address: 'a', port: 1 } } }, 'otlptraces: flows are not exported'],
    [{ extract: { type: 'timebased', timebased: {} } }, 'extract.timebased: no rule can be computed'],
  ])('%j is named', (is, reason) => {
    const given = file(grpc, { name: 'x', follows: 'ingest', is }, stdout('ingest'))
    expect(problem(given)).toContain(`parameters[1].${reason.startsWith('otlp') ? 'encode.' : ''}${reason}`)
    expect(plan(given, { ignore: true }).notes.join()).toContain(reason)
  })
})
