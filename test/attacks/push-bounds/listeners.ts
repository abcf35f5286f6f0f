/** The listeners that programs push to, with the shapes of their bodies and a valid request for each. */
import { ProtoWriter } from '../../../src/codecs/proto-writer/index.ts'
import { encodeSample } from '../../../src/codecs/remote-write/index.ts'
import { message, type Encoding, type Frame, type JsonShape, type Shape } from './bodies.ts'

export type Listener = Readonly<{
  name: string
  url: string
  method: 'POST' | 'PUT'
  headers: Readonly<Record<string, string>>
  encodings: readonly Encoding[]
  /** The encoding is not in a header. */
  isImplied?: boolean
  shape: Shape
  /** Decoded bytes of the largest body. */
  most: number
  /** A request that must succeed; `n` makes it unique. */
  valid(n: number): Uint8Array
}>

const utf8 = new TextEncoder()
const json = (value: unknown): Uint8Array => utf8.encode(JSON.stringify(value))
const nanos = (n: number): string => `${Date.now()}${String(n % 1_000_000).padStart(6, '0')}`

function proto(write: (writer: ProtoWriter) => void): Uint8Array {
  const writer = new ProtoWriter()
  write(writer)
  return writer.finish()
}

const logRecord = proto((writer) => {
  writer.fixed64(1, 1_700_000_000, 390_000_000)
  writer.bytes(5, message(1, utf8.encode('x')))
})
const gaugePoint = message(
  5,
  message(
    1,
    proto((writer) => {
      writer.fixed64(3, 1_700_000_000, 390_000_000)
      writer.double(4, 1)
    }),
  ),
)
const within = (path: readonly number[], inner: Uint8Array): Uint8Array =>
  path.reduceRight((content, field) => message(field, content), inner)
const joined = (...parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts)

const bare: Frame = ['', '']
const unknown: Frame = ['{"unknown":', '}']

/** A frame for each depth: the heads up to it, and the brackets that they leave open. */
function nested(...heads: readonly string[]): Frame[] {
  return heads.map((_, depth) => {
    const before = heads.slice(0, depth + 1).join('')
    const ends: string[] = []
    for (const [mark] of before.replaceAll(/"[^"]*"/g, '').matchAll(/[[\]{}]/g))
      if (mark === '{' || mark === '[') ends.push(mark === '{' ? '}' : ']')
      else ends.pop()
    return [before, ends.reverse().join('')]
  })
}

const otlpLogs: JsonShape = {
  frames: [
    ...nested('{"resourceLogs":', '[{"scopeLogs":', '[{"logRecords":'),
    ['{"resourceLogs":[{"resource":{"attributes":', '},"scopeLogs":[{"logRecords":[{},{}]}]}]}'],
    unknown,
  ],
  elements: [
    '{"timeUnixNano":"1700000000000000000","body":{"stringValue":"x"}}',
    '{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"x"}}]}]}',
    '{"key":"a","value":{"stringValue":"b"}}',
  ],
}
const otlpMetrics: JsonShape = {
  frames: nested('{"resourceMetrics":', '[{"scopeMetrics":[{"metrics":', '[{"name":"m","gauge":{"dataPoints":'),
  elements: [
    '{"timeUnixNano":"1700000000000000000","asDouble":1}',
    '{"name":"m","gauge":{"dataPoints":[{"asInt":"1"}]}}',
    '{"name":"h","histogram":{"aggregationTemporality":2,"dataPoints":[{"count":"1","bucketCounts":["1","0"],"explicitBounds":[1]}]}}',
  ],
}

export function otlpListeners(url: string): readonly Listener[] {
  const validLogs = (n: number): unknown => ({
    resourceLogs: [
      { scopeLogs: [{ logRecords: [{ timeUnixNano: nanos(n), body: { stringValue: `valid otlp ${n}` } }] }] },
    ],
  })
  const common = { method: 'POST', most: 15 << 20 } as const
  return [
    {
      ...common,
      name: 'otlp logs, JSON',
      url: `${url}/v1/logs`,
      headers: { 'content-type': 'application/json' },
      encodings: ['identity', 'gzip'],
      shape: { json: otlpLogs },
      valid: (n) => json(validLogs(n)),
    },
    {
      ...common,
      name: 'otlp logs, protobuf',
      url: `${url}/v1/logs`,
      headers: { 'content-type': 'application/x-protobuf' },
      encodings: ['identity', 'gzip'],
      shape: {
        proto: {
          paths: [[1, 2, 2], [1, 1, 1], [1], [1, 2], [1, 2, 2, 6], [1, 2, 2, 5, 5, 1]],
          elements: [
            within([1, 2, 2], logRecord),
            message(1, message(2, joined(message(2, logRecord), message(2, logRecord)))),
          ],
        },
      },
      valid: (n) => within([1, 2, 2, 5, 1], utf8.encode(`valid otlp ${n}`)),
    },
    {
      ...common,
      name: 'otlp metrics, JSON',
      url: `${url}/v1/metrics`,
      headers: { 'content-type': 'application/json' },
      encodings: ['identity', 'gzip'],
      shape: { json: otlpMetrics },
      valid: (n) =>
        json({
          resourceMetrics: [
            {
              scopeMetrics: [
                {
                  metrics: [{ name: `valid_${n}`, gauge: { dataPoints: [{ timeUnixNano: nanos(n), asInt: `${n}` }] } }],
                },
              ],
            },
          ],
        }),
    },
    {
      ...common,
      name: 'otlp metrics, protobuf',
      url: `${url}/v1/metrics`,
      headers: { 'content-type': 'application/x-protobuf' },
      encodings: ['identity', 'gzip'],
      shape: {
        proto: {
          paths: [
            [1, 2, 2],
            [1, 2, 2, 5, 1],
            [1, 2, 2, 9, 1],
            [1, 2, 2, 5, 1, 5],
            [1, 2, 2, 11, 1, 6],
          ],
          elements: [within([1, 2, 2], joined(message(1, utf8.encode('m')), gaugePoint))],
        },
      },
      valid: (n) => within([1, 2, 2], joined(message(1, utf8.encode(`valid_${n}`)), gaugePoint)),
    },
  ]
}

export function lokiListeners(url: string): readonly Listener[] {
  const common = { method: 'POST', url: `${url}/loki/api/v1/push`, most: 15 << 20 } as const
  return [
    {
      ...common,
      name: 'loki-push, JSON',
      headers: { 'content-type': 'application/json' },
      encodings: ['identity', 'gzip'],
      shape: {
        json: {
          frames: [
            ...nested('{"streams":', '[{"stream":{},"values":', '[["1","x",'),
            ['{"streams":[{"stream":', ',"values":[["1","x"]]}]}'],
          ],
          elements: [
            '["1","x"]',
            '["1700000000000000000","a line",{"a":"b"}]',
            '{"stream":{"a":"b"},"values":[["1","x"]]}',
          ],
        },
      },
      valid: (n) => json({ streams: [{ stream: { job: 'valid' }, values: [[nanos(n), `valid loki ${n}`]] }] }),
    },
    {
      ...common,
      name: 'loki-push, protobuf',
      headers: { 'content-type': 'application/x-protobuf' },
      encodings: ['snappy'],
      isImplied: true,
      shape: {
        proto: {
          paths: [[1, 2], [1], [1, 2, 3], [1, 2, 1]],
          elements: [
            message(1, joined(message(1, utf8.encode('{a="b"}')), message(2, message(2, utf8.encode('x'))))),
            message(
              1,
              joined(
                message(1, utf8.encode(`{a="${'b'.repeat(2000)}"}`)),
                ...Array.from({ length: 50 }, () => message(2, message(2, utf8.encode('x')))),
              ),
            ),
          ],
        },
      },
      valid: (n) =>
        message(
          1,
          joined(message(1, utf8.encode('{job="valid"}')), message(2, message(2, utf8.encode(`valid loki ${n}`)))),
        ),
    },
  ]
}

export function remoteWriteListeners(url: string): readonly Listener[] {
  const labels = (n: number) =>
    [
      ['__name__', `valid_${n}`],
      ['job', 'valid'],
    ] as const
  const long = Array.from({ length: 50 }, (_, at) => [`l${at}`, 'v'.repeat(1000)] as const)
  const sample = proto((writer) => {
    writer.double(1, 1)
    writer.int(2, 1_700_000_000_000)
  })
  const label = (name: string, value: string) => joined(message(1, utf8.encode(name)), message(2, utf8.encode(value)))
  const manySamples = message(
    1,
    joined(
      message(1, label('__name__', 'm')),
      ...long.map(([name, value]) => message(1, label(name, value))),
      ...Array.from({ length: 100_000 }, () => message(2, sample)),
    ),
  )
  const common = {
    method: 'POST',
    url: `${url}/api/v1/write`,
    encodings: ['snappy'],
    most: 15 << 20,
  } as const
  return [
    {
      ...common,
      name: 'remote-write 1.0',
      headers: { 'content-type': 'application/x-protobuf' },
      shape: {
        proto: {
          paths: [[1], [1, 1], [1, 2], [3], [1, 4], [1, 3]],
          elements: [encodeSample([['__name__', 'm']], 1, 1_700_000_000_000), manySamples],
        },
      },
      valid: (n) => encodeSample(labels(n), n, Date.now()),
    },
    {
      ...common,
      name: 'remote-write 2.0',
      headers: { 'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request' },
      shape: {
        proto: {
          paths: [[4], [5], [5, 2], [5, 1], [5, 3]],
          elements: [message(4, utf8.encode('symbol'))],
        },
      },
      valid: (n) => {
        const symbols = ['', '__name__', `valid_${n}`, 'job', 'valid'].map((text) => message(4, utf8.encode(text)))
        return joined(...symbols, message(5, joined(message(1, Uint8Array.of(1, 2, 3, 4)), message(2, sample))))
      },
    },
  ]
}

export function auditListener(url: string): Listener {
  const event = (id: string) => ({
    level: 'Metadata',
    auditID: id,
    stage: 'ResponseComplete',
    requestURI: '/api/v1/namespaces/a/pods/b',
    verb: 'delete',
    user: { username: 'alice' },
    objectRef: { resource: 'pods', namespace: 'a', name: 'b', apiVersion: 'v1' },
    responseStatus: { code: 200 },
    requestReceivedTimestamp: '2026-01-01T00:00:00.000000Z',
    stageTimestamp: '2026-01-01T00:00:00.000000Z',
  })
  const items = '{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":'
  const item = '[{"auditID":"a","stage":"ResponseComplete","verb":"get",'
  return {
    name: 'kube-audit',
    url: `${url}/audit`,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    encodings: ['identity', 'gzip'],
    most: 15 << 20,
    shape: {
      json: {
        frames: [
          ...nested(items, '['),
          ...['responseObject', 'annotations'].flatMap((name) => nested(`${items}${item}"${name}":`)),
        ],
        elements: [JSON.stringify(event('one')), '{"auditID":"x"}'],
      },
    },
    valid: (n) => json({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', items: [event(`valid-${n}`)] }),
  }
}

export function lagoonListeners(url: string, token: string): readonly Listener[] {
  const headers = { 'content-type': 'application/json', authorization: token }
  const common = { method: 'POST', headers, encodings: ['identity'] } as const
  return [
    {
      ...common,
      name: 'lagoon facts',
      url: `${url}/facts`,
      most: 4 << 20,
      shape: {
        json: {
          frames: [bare],
          elements: ['{"name":"a","value":"b","source":"s","type":"TEXT"}', '{"name":"","value":""}'],
        },
      },
      valid: (n) => json([{ name: `valid-${n}`, value: '1', source: 'valid', type: 'TEXT', category: 'x' }]),
    },
    {
      ...common,
      name: 'lagoon problems',
      url: `${url}/problems`,
      most: 4 << 20,
      shape: {
        json: { frames: [bare], elements: ['{"identifier":"CVE-1","severity":"LOW","source":"s"}', '{}'] },
      },
      valid: (n) => json([{ identifier: `CVE-2026-${n}`, severity: 'LOW', source: 'valid' }]),
    },
    {
      ...common,
      name: 'lagoon sbom',
      url: `${url}/sbom/cli`,
      encodings: ['identity', 'gzip', 'zstd'],
      most: 60 << 20,
      shape: { json: documents },
      valid: (n) => json(bill(n)),
    },
  ]
}

const cycloneDx = '{"bomFormat":"CycloneDX","specVersion":"1.5",'
const documents: JsonShape = {
  frames: [
    ...nested(`${cycloneDx}"components":`),
    ...nested(`${cycloneDx}"components":[],"vulnerabilities":`),
    ...nested('{"SchemaVersion":2,"ArtifactName":"x","Results":', '[{"Vulnerabilities":'),
    ...nested('{"spdxVersion":"SPDX-2.3","packages":'),
    unknown,
  ],
  elements: [
    '{"type":"library","name":"a","version":"1","purl":"pkg:npm/a@1"}',
    '{"VulnerabilityID":"CVE-2024-1","PkgName":"a","Severity":"LOW"}',
    '{"name":"a","SPDXID":"SPDXRef-a","versionInfo":"1"}',
  ],
}
const bill = (n: number): object => ({
  bomFormat: 'CycloneDX',
  specVersion: '1.5',
  components: [{ type: 'library', name: `valid-${n}`, version: '1', purl: `pkg:npm/valid-${n}@1` }],
})

export function apiListeners(url: string): readonly Listener[] {
  const encodings = ['identity', 'gzip', 'zstd', 'br', 'deflate'] as const
  const expands = '{"specversion":"1.0","id":"1","source":"/expands","type":"t"'
  const event = (id: string): object => ({
    specversion: '1.0',
    id,
    source: '/push-bounds',
    type: 'valid',
    data: { a: 1 },
  })
  const most = 30 << 20
  return [
    {
      name: 'one CloudEvent',
      url: `${url}/events`,
      method: 'POST',
      headers: { 'content-type': 'application/cloudevents+json' },
      encodings,
      most,
      shape: {
        json: {
          frames: [bare, ...nested(`${expands},"data":`)],
          elements: ['{"a":1}'],
        },
      },
      valid: (n) => json(event(`one-${n}`)),
    },
    {
      name: 'a batch of CloudEvents',
      url: `${url}/events`,
      method: 'POST',
      headers: { 'content-type': 'application/cloudevents-batch+json' },
      encodings,
      most,
      shape: {
        json: {
          frames: [bare, ...nested(`[${expands},"data":`)],
          elements: [`${expands}}`, '{}'],
        },
      },
      valid: (n) => json([event(`batch-${n}`)]),
    },
    {
      name: 'SBOM of an image',
      url: `${url}/api/v1/images/sha256:${'ab'.repeat(32)}/sbom`,
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      encodings: ['identity', 'gzip', 'zstd'],
      most,
      shape: { json: documents },
      valid: (n) => json(bill(n)),
    },
  ]
}
