import { readdirSync, readFileSync } from 'node:fs'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { digestIn, eventsOfReport, readImageName, readReport, ReportError, type Report } from './index.ts'
import { makePurl, readPurl } from './purl.ts'

const folder = new URL('fixtures/', import.meta.url)
const golden = JSON.parse(readFileSync(new URL('reports.json', folder), 'utf8')) as Record<string, Report>
const documents = readdirSync(folder).filter((name) => name.endsWith('.json') && name !== 'reports.json')
const bytesOf = (name: string): Uint8Array => readFileSync(new URL(name, folder))
const encoded = (document: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(document))

async function problemOf(bytes: Uint8Array, maxBytes?: number): Promise<string> {
  const error: unknown = await readReport(bytes, maxBytes).catch((reason: unknown) => reason)
  return error instanceof ReportError ? `${error.problem}: ${error.message}` : String(error)
}

test.each(documents)('%s is read as recorded, plain and compressed', async (name) => {
  const bytes = bytesOf(name)
  const wanted = golden[name.replace('.json', '')]
  expect(await readReport(bytes)).toEqual(wanted)
  expect(await readReport(gzipSync(bytes))).toEqual(wanted)
  expect(await readReport(zstdCompressSync(bytes))).toEqual(wanted)
})

test('CycloneDX in XML has the content of its JSON', async () => {
  expect(await readReport(bytesOf('cyclonedx.xml'))).toEqual({ ...golden['cyclonedx'], format: 'cyclonedx-xml' })
})

test('every recorded report has its document', () => {
  expect(Object.keys(golden).toSorted()).toEqual(documents.map((name) => name.replace('.json', '')).toSorted())
})

describe('packages', () => {
  test('equal ones are merged with their locations; the number before that is known', async () => {
    const { packages = [], listed } = await readReport(bytesOf('cyclonedx.json'))
    expect([packages.length, listed]).toEqual([3, 4])
    expect(packages.find(({ name }) => name === 'libssl3')?.locations).toEqual([
      '/var/lib/dpkg/status',
      '/var/lib/dpkg/other',
    ])
  })

  test('the same name in two versions, and two names in one version, are different packages', async () => {
    const purls = ['pkg:npm/a@1', 'pkg:npm/a@2', 'pkg:npm/%40s/a@1', 'pkg:pypi/a@1']
    const artifacts = purls.map((purl) => ({ name: 'a', version: purl.slice(-1), purl }))
    expect((await readReport(encoded({ artifacts, schema: {} }))).packages).toHaveLength(4)
  })
})

describe('values', () => {
  test('42: licences of Syft in texts and in objects are the same', async () => {
    const withLicenses = (...licenses: readonly unknown[]): Uint8Array =>
      encoded({
        artifacts: [{ name: 'a', version: '1', purl: 'pkg:npm/a@1', licenses }],
        schema: { version: '16.0.0' },
      })
    const { packages } = await readReport(withLicenses('MIT', 'GPL-2.0'))
    expect(packages).toEqual([
      { name: 'a', version: '1', type: 'npm', purl: 'pkg:npm/a@1', licenses: ['MIT', 'GPL-2.0'] },
    ])
    const objects = withLicenses(
      { value: 'MIT License', spdxExpression: 'MIT', type: 'declared', urls: [] },
      { value: 'GPL-2.0', spdxExpression: '', type: 'concluded' },
    )
    expect((await readReport(objects)).packages).toEqual(packages)
  })

  test.each([
    ['of the source of the severity', { ghsa: { V3Score: 7.5 }, nvd: { V3Score: 9.8 } }, 0.75],
    ['the newest of that source', { ghsa: { V2Score: 5, V3Score: 7.5, V40Score: 6.9 }, nvd: { V40Score: 9 } }, 0.69],
    ['of NVD without one of that source', { redhat: { V3Score: 3 }, nvd: { V3Score: 9.8 }, ghsa: {} }, 0.98],
    ['of any source otherwise', { redhat: { V3Score: 3 } }, 0.3],
    ['absent without any', {}, undefined],
  ])('43: the score of Trivy is %s, and its severity is kept', async (_, CVSS, score) => {
    const problem = { VulnerabilityID: 'CVE-1', PkgName: 'a', Severity: 'MEDIUM', SeveritySource: 'ghsa', CVSS }
    const document = { SchemaVersion: 2, Results: [{ Type: 'npm', Vulnerabilities: [problem] }] }
    const [found] = (await readReport(encoded(document))).problems ?? []
    expect([found?.score, found?.severity]).toEqual([score, 'MEDIUM'])
  })

  test('files with packages, which Trivy lists in SPDX as applications, are no packages', async () => {
    const program = { SPDXID: 'SPDXRef-1', name: 'bin/tool', primaryPackagePurpose: 'APPLICATION' }
    const app = { ...program, SPDXID: 'SPDXRef-2', name: 'app', versionInfo: '1' }
    const report = await readReport(encoded({ spdxVersion: 'SPDX-2.3', packages: [program, app] }))
    expect(report.packages?.map(({ name }) => name)).toEqual(['app'])
  })

  test('45: a variable has the text after its first `=`, and one without is empty', async () => {
    const { facts } = await readReport(
      encoded({ Architecture: 'amd64', Os: 'linux', Env: ['A=b=c', 'FLAG', '=x', null] }),
    )
    expect(facts?.filter(({ category }) => category === 'environment')).toEqual([
      { name: 'A', value: 'b=c', category: 'environment' },
      { name: 'FLAG', value: '', category: 'environment' },
    ])
  })
})

describe('rejected documents', () => {
  test('a document that unpacks to more than the limit, or to much more than its size', async () => {
    expect(await problemOf(gzipSync(Buffer.alloc(3 << 20)))).toMatch(/^too-large: .*200 times/)
    expect(await problemOf(encoded({ a: 'x'.repeat(2000) }), 1000)).toBe(
      'too-large: The document has more than 1000 bytes.',
    )
    expect(await problemOf(gzipSync(Buffer.alloc(2000, 'ab')), 1000)).toBe(
      'too-large: The document has more than 1000 bytes.',
    )
  })

  test('a document that is cut, is no JSON, or has another format', async () => {
    const packed = gzipSync(bytesOf('syft.json'))
    expect(await problemOf(packed.subarray(0, packed.length / 2))).toBe('malformed: The document is not valid gzip.')
    expect(await problemOf(new TextEncoder().encode('{"bomFormat":'))).toMatch(/^malformed: The document is not JSON/)
    expect(await problemOf(new Uint8Array([0xff, 0xfe, 0x00]))).toMatch(/^malformed/)
    expect(await problemOf(encoded({ spdxVersion: 'SPDX-3.0' }))).toMatch(/^unknown-format: .*It has "spdxVersion"\.$/)
    expect(await problemOf(encoded(7))).toMatch(/^unknown-format/)
  })

  test('XML with a DOCTYPE, with another root, cut, or nested too deeply', async () => {
    const xml = (text: string): Promise<string> => problemOf(new TextEncoder().encode(text))
    const bom = '<bom xmlns="http://cyclonedx.org/schema/bom/1.6">'
    expect(await xml(`<!DOCTYPE bom [<!ENTITY a "b">]>${bom}<components>&a;</components></bom>`)).toBe(
      'malformed: The document has a DOCTYPE.',
    )
    expect(await xml('<html></html>')).toBe('unknown-format: The XML document is no CycloneDX 1.')
    expect(await xml(`${bom}<components>`)).toMatch(/^malformed: The document is no XML/)
    const deep = `${bom}${'<a>'.repeat(200)}${'</a>'.repeat(200)}</bom>`
    expect(await xml(deep)).toMatch(/^malformed: The document is no XML/)
  })

  test('attestations of other types, without a predicate, or with a payload that is no JSON', async () => {
    const envelope = (payload: string, payloadType = 'application/vnd.in-toto+json'): object => ({
      payloadType,
      payload: Buffer.from(payload).toString('base64'),
      signatures: [],
    })
    expect(await problemOf(encoded(envelope('{}', 'text/plain')))).toMatch(/^unknown-format: .*text\/plain/)
    expect(await problemOf(encoded(envelope('{}')))).toMatch(/^malformed: .*predicate/)
    expect(await problemOf(encoded(envelope('{')))).toMatch(/^malformed: .*not JSON/)
  })

  test('components that nest too deeply', async () => {
    let component: object = { type: 'library', name: 'deep' }
    for (let level = 0; level < 80; level++) component = { type: 'library', name: 'x', components: [component] }
    expect(await problemOf(encoded({ bomFormat: 'CycloneDX', components: [component] }))).toMatch(
      /^malformed: .*nested/,
    )
  })

  test('values of wrong types are ignored, not fatal', async () => {
    const wrong = {
      bomFormat: 'CycloneDX',
      metadata: 7,
      components: [null, 1, { name: {} }, { name: 'a', licenses: 'x' }],
    }
    expect(await readReport(encoded(wrong))).toMatchObject({ packages: [{ name: 'a' }], skipped: 3 })
  })
})

describe('attestations', () => {
  const hex = 'c'.repeat(64)
  const statement = (predicate: unknown, ...subjects: readonly string[]): object => ({
    _type: 'https://in-toto.io/Statement/v1',
    subject: subjects.map((sha256) => ({ name: 'image', digest: { sha256 } })),
    predicateType: 'https://example.com/any',
    predicate,
  })
  const dsse = (of: object): object => ({
    payloadType: 'application/vnd.in-toto+json',
    payload: Buffer.from(JSON.stringify(of)).toString('base64'),
    signatures: [{ sig: 'AA==' }],
  })
  const bom = { bomFormat: 'CycloneDX', components: [{ type: 'library', name: 'a' }] }

  test.each([
    ['a statement', statement(bom, hex)],
    ['an envelope', dsse(statement(bom, hex))],
    ['a bundle of Sigstore', { mediaType: 'x', dsseEnvelope: dsse(statement(bom, hex)) }],
    ['a predicate in text', dsse(statement(JSON.stringify(bom), hex))],
    ['a predicate with data', dsse(statement({ Data: JSON.stringify(bom) }, hex))],
    ['a predicate of a scanner', dsse(statement({ scanner: { result: bom } }, hex))],
  ])('%s is the document in it, about its subject', async (_, document) => {
    const report = await readReport(encoded(document))
    expect(report.packages).toEqual([{ name: 'a', type: 'library' }])
    expect([report.image.digest, report.subjects]).toEqual([`sha256:${hex}`, [`sha256:${hex}`]])
  })

  test('one with several subjects names no image', async () => {
    const report = await readReport(encoded(statement(bom, hex, 'd'.repeat(64))))
    expect([report.image.digest, report.subjects?.length]).toEqual([undefined, 2])
  })
})

describe('names', () => {
  test('package URLs with scopes, qualifiers and encoded parts', () => {
    expect(readPurl('pkg:npm/%40types/node@24.0.0?x=y#sub')).toEqual({
      base: 'pkg:npm/%40types/node@24.0.0',
      type: 'npm',
      namespace: '@types',
      name: 'node',
      version: '24.0.0',
    })
    expect(readPurl('pkg:npm/@types/node')).toMatchObject({ name: 'node', version: undefined })
    expect(readPurl('PKG:npm/a')).toBeUndefined()
    expect(readPurl(makePurl('maven', 'org.a:b', '1+2'))).toMatchObject({
      namespace: 'org.a',
      name: 'b',
      version: '1+2',
    })
  })

  test('images with ports, tags and digests', () => {
    expect(readImageName('registry:5000/shop/web:1.0@sha256:x')).toEqual({ name: 'registry:5000/shop/web', tag: '1.0' })
    expect(readImageName('registry:5000/shop/web')).toEqual({ name: 'registry:5000/shop/web' })
    expect(digestIn(`web@SHA256:${'A'.repeat(64)}`)).toBe(`sha256:${'a'.repeat(64)}`)
    expect(digestIn('sha256:short')).toBeUndefined()
  })
})

describe('events', () => {
  const made = { sha256: 'f'.repeat(64), time: Date.parse('2026-01-02T00:00:00Z'), origin: 'a.json' }

  test('a report is its packages, problems and facts, and ends with its own event', async () => {
    const events = eventsOfReport(await readReport(bytesOf('trivy.json')), made)
    expect(events.map(({ type, family, subject }) => `${family} ${type} ${subject ?? ''}`)).toEqual([
      'package weir.image.package pkg:deb/debian/openssl@1.1.1n-0%2Bdeb11u5',
      'package weir.image.package pkg:maven/org.example/lib@1.0',
      'problem weir.image.problem CVE-2023-0286 pkg:deb/debian/openssl@1.1.1n-0%2Bdeb11u5',
      'problem weir.image.problem GHSA-xxxx pkg:maven/org.example/lib@1.0',
      'fact weir.image.fact os/os',
      'fact weir.image.fact os/os.end-of-life',
      'fact weir.image.report registry.example/shop/web',
    ])
    expect(new Set(events.map(({ key }) => key))).toEqual(new Set([`sha256:${'a'.repeat(64)}`]))
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
    expect(JSON.parse(new TextDecoder().decode(events.at(-1)?.data))).toMatchObject({
      packages: 2,
      problems: 2,
      severities: { HIGH: 1, UNKNOWN: 1 },
      fixable: 1,
      image: { aliases: [`sha256:${'b'.repeat(64)}`] },
    })
  })

  test('a report without the digest of an image has no events; waivers make no report', async () => {
    const { image: _image, ...report } = await readReport(bytesOf('syft.json'))
    expect(eventsOfReport({ ...report, image: {} }, made)).toEqual([])
    const image = { digest: `sha256:${'a'.repeat(64)}` }
    const waivers = eventsOfReport(await readReport(bytesOf('openvex.json')), { ...made, image })
    expect(waivers.map(({ subject }) => subject)).toEqual(['CVE-2021-44228', 'CVE-2024-1'])
  })
})
