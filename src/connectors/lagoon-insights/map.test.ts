import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { ImageReport } from '../../model/insights.ts'
import { repairedReport } from './map/core.ts'
import { checkFile } from './map/file.ts'
import { goJson, sortedMap } from './map/json.ts'
import { configMapOf, reportId, reportOf, writeReport, type ConfigMap } from './map.ts'

interface Given {
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly data?: Readonly<Record<string, string>>
  readonly binaryData?: Readonly<Record<string, string>>
}

const trigger = { 'lagoon.sh/insightsType': 'sbom-gz' }
const namespace = { 'lagoon.sh/project': 'proj', 'lagoon.sh/environment': 'main' }
const file = gzipSync('{}').toString('base64')

function configMap(
  { labels = trigger, annotations, ...content }: Given = { binaryData: { 'a.json.gz': file } },
): ConfigMap {
  const metadata = { name: 'cm', namespace: 'proj-main', uid: 'u', resourceVersion: '1', labels, annotations }
  return configMapOf({ metadata, ...content }) ?? expect.unreachable('no ConfigMap')
}

function made(given: Given, own: Readonly<Record<string, string>> = namespace, strict = false) {
  const report = reportOf(configMap(given), own, { strict })
  return typeof report === 'string' ? expect.unreachable(report) : report
}

describe('the type of a report', () => {
  test.each([
    [{ 'lagoon.sh/insightsType': 'sbom-gz' }, 'sbom'],
    [{ 'lagoon.sh/insightsType': 'image-gz' }, 'inspect'],
    [{ ...trigger, 'insights.lagoon.sh/type': 'inspect' }, 'inspect'],
    [{ 'lagoon.sh/insightsType': 'x', 'insights.lagoon.sh/type': 'sbom' }, 'sbom'],
  ])('of %j is %s', (labels, type) => {
    expect(made({ labels, binaryData: { f: file } }).report.type).toBe(type)
  })

  test.each([[{ 'lagoon.sh/insightsType': 'foo' }], [{ ...trigger, 'insights.lagoon.sh/type': 'foo' }]])(
    'of %j is unknown',
    (labels) => {
      expect(reportOf(configMap({ labels, binaryData: { f: file } }), {}, { strict: false })).toBe('unknown-type')
    },
  )
})

describe('the message', () => {
  test('has the labels of the namespace, and each deviation is named', () => {
    const { report, corrected } = made({
      labels: { ...trigger, 'lagoon.sh/project': 'other' },
      binaryData: { f: file },
    })
    expect([report.labels, report.project, corrected]).toEqual([
      { ...trigger, 'lagoon.sh/project': 'proj', 'lagoon.sh/environment': 'main' },
      'proj',
      ['foreign-label'],
    ])
  })

  test('has a trigger label that the consumer reads', () => {
    const labels = { 'lagoon.sh/insightsType': 'image', 'insights.lagoon.sh/type': 'inspect' }
    const { report, corrected } = made({ labels, binaryData: { f: file } })
    expect([report.labels?.['lagoon.sh/insightsType'], corrected]).toEqual(['image-gz', ['trigger-label']])
  })

  test('has one file, and no text data', () => {
    const { report, corrected } = made({ data: { a: 'b' }, binaryData: { z: 'eg==', 'b.json.gz': file, a: 'YQ==' } })
    expect([report.payload, report.binaryPayload, corrected]).toEqual([
      null,
      { 'b.json.gz': file },
      ['several-files', 'text-data'],
    ])
  })

  test('of text data has the compressed text, which must be JSON', () => {
    const { report } = made({ data: { 'a.json': '{"a":1}' } })
    const content = Buffer.from(report.binaryPayload?.['a.json.gz'] ?? '', 'base64')
    expect(gunzipSync(content).toString()).toBe('{"a":1}')
    expect(reportOf(configMap({ data: { a: 'text' } }), {}, { strict: false })).toBe('not-json')
    expect(reportOf(configMap({}), {}, { strict: false })).toBe('empty')
  })

  test('leaves out the annotation of kubectl, which repeats the object', () => {
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}', a: 'b' }
    expect(made({ annotations, binaryData: { f: file } }).report.annotations).toEqual({ a: 'b' })
  })

  test('with strict is that of insights-remote', () => {
    const { report, corrected } = made({ data: { a: 'b' }, binaryData: { f: file } }, {}, true)
    expect([writeReport(report), corrected]).toEqual([
      `{"payload":{"a":"b"},"binaryPayload":{"f":"${file}"},"annotations":null,"labels":{"lagoon.sh/insightsType":` +
        '"sbom-gz"},"namespace":"proj-main","environment":"","service":"","project":"","type":"sbom"}',
      [],
    ])
  })
})

test('JSON is that of Go: members in byte order, and escaped letters', () => {
  expect(sortedMap({ '10': 'a', '9': 'b', Z: 'c', ä: 'd', a: '<&>\u2028' })).toBe(
    '{"10":"a","9":"b","Z":"c","a":"\\u003c\\u0026\\u003e\\u2028","ä":"d"}',
  )
  expect([sortedMap(null), goJson('\u2029')]).toEqual(['null', '"\\u2029"'])
})

test('the id of a report depends on its bytes and build, not on marks', () => {
  const id = reportId(configMap())
  const marked = { annotations: { 'lagoon.sh/insightsProcessed': 'x' }, binaryData: { 'a.json.gz': file } }
  expect(reportId(configMap(marked))).toBe(id)
  expect(reportId(configMap({ binaryData: { 'a.json.gz': 'eg==' } }))).not.toBe(id)
  const rebuilt = { labels: { ...trigger, 'lagoon.sh/buildName': 'b-2' }, binaryData: { 'a.json.gz': file } }
  expect(reportId(configMap(rebuilt))).not.toBe(id)
})

describe('a file', () => {
  test.each([
    ['of plain bytes is not checked', Buffer.from('{}'), undefined],
    ['of a small text is accepted', gzipSync('{}'), undefined],
    ['above the limit is rejected', gzipSync(Buffer.alloc(3 << 20)), 'too-large-decompressed'],
    ['with a ratio above 200 is rejected', gzipSync(Buffer.alloc(1_900_000)), 'too-large-decompressed'],
    ['that is cut is rejected', gzipSync('{"a":"some text"}').subarray(0, 20), 'unreadable-gzip'],
  ] as const)('%s', async (_, bytes, expected) => {
    expect(await checkFile(bytes, 2 << 20)).toBe(expected)
  })
})

describe('a report for the handler', () => {
  const report = (bom: object, type: ImageReport['type'] = 'sbom'): ImageReport => ({
    payload: null,
    binaryPayload: { 'a.json.gz': gzipSync(JSON.stringify(bom)).toString('base64') },
    annotations: null,
    labels: null,
    namespace: 'proj-main',
    environment: 'main',
    service: 'cli',
    project: 'proj',
    type,
  })
  const repaired = (bom: object): unknown => {
    const text = repairedReport(report(bom), 1 << 20)
    if (text === undefined) return undefined
    const { binaryPayload } = JSON.parse(text) as ImageReport
    return JSON.parse(gunzipSync(Buffer.from(binaryPayload?.['a.json.gz'] ?? '', 'base64')).toString())
  }
  const tools = { components: [{ type: 'application', name: 'syft' }] }

  test('is unchanged if the handler can read it, or if it is no CycloneDX', () => {
    const bom = { bomFormat: 'CycloneDX', specVersion: '1.6', metadata: { tools, component: { name: 'x' } } }
    expect([repaired(bom), repaired({ spdxVersion: 'x' }), repairedReport(report({}, 'inspect'), 1)]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  test('has the tools of CycloneDX 1.5, and the other members as they are', () => {
    const metadata = { tools: [{ vendor: 'anchore', name: 'syft', version: '1' }], component: { name: 'x' }, more: 1 }
    expect(repaired({ bomFormat: 'CycloneDX', specVersion: '1.4', metadata, components: [{ name: 'a' }] })).toEqual({
      bomFormat: 'CycloneDX',
      specVersion: '1.5',
      metadata: {
        component: { name: 'x' },
        more: 1,
        tools: { components: [{ type: 'application', author: 'anchore', name: 'syft', version: '1' }] },
      },
      components: [{ name: 'a' }],
    })
  })

  test('without metadata gets a component and a tool', () => {
    expect(repaired({ bomFormat: 'CycloneDX', specVersion: '1.6' })).toEqual({
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      metadata: {
        tools: { components: [{ type: 'application', name: 'unknown' }] },
        component: { type: 'container', name: 'cli' },
      },
    })
  })
})
