/** What scanners write, and what it states about problems. */
import { describe, expect, test } from 'vitest'
import { eventsOfReport, readReport, readReports, type Report } from './index.ts'

const read = (document: unknown): Promise<Report> => readReport(new TextEncoder().encode(JSON.stringify(document)))
const digest = (letter: string): string => `sha256:${letter.repeat(64)}`

function trivy(...vulnerabilities: readonly object[]): object {
  const given = { PkgName: 'libssl', InstalledVersion: '3.0', FixedVersion: '3.1' }
  const all = vulnerabilities.map((each) => ({ ...given, ...each }))
  return { SchemaVersion: 2, Results: [{ Class: 'os-pkgs', Type: 'redhat', Vulnerabilities: all }] }
}

const grype = (id: string, severity: string, ...related: readonly string[]): object => ({
  vulnerability: { id, severity },
  relatedVulnerabilities: related.map((each) => ({ id: each })),
  artifact: { name: 'lib', version: '1', type: 'npm', purl: 'pkg:npm/lib@1' },
})
const matches = (...all: readonly object[]): object => ({ matches: all, descriptor: { name: 'grype' } })

describe('one flaw is one problem', () => {
  test.each(['RHSA-2026:1', 'ELSA-2026-1', 'ALAS2023-2026-1', 'DSA-1-1', 'SUSE-SU-2026:1', 'USN-1-1'])(
    'problems that share the advisory %s stay apart, each with its severity',
    async (advisory) => {
      const ids = Array.from({ length: 30 }, (_, at) => `CVE-2026-${1000 + at}`)
      const { problems = [] } = await read(
        trivy(
          ...ids.map((id, at) => ({
            VulnerabilityID: id,
            VendorIDs: [advisory],
            Severity: at === 17 ? 'CRITICAL' : 'LOW',
          })),
        ),
      )
      expect(problems.map(({ id }) => id)).toEqual(ids)
      expect(problems.filter(({ severity }) => severity === 'CRITICAL').map(({ id }) => id)).toEqual(['CVE-2026-1017'])
      expect(problems.some(({ aliases }) => aliases !== undefined)).toBe(false)
    },
  )

  test('an advisory as the id has no aliases, even if it fixes one flaw', async () => {
    const { problems } = await read(matches(grype('ELSA-2026-1', 'High', 'CVE-2026-1')))
    expect(problems).toMatchObject([{ id: 'ELSA-2026-1' }])
    expect(problems?.[0]?.aliases).toBeUndefined()
  })

  test('a CVE and a GHSA that name each other are one problem of the worse severity', async () => {
    const [low, high] = [grype('GHSA-aaaa-bbbb-cccc', 'Low', 'CVE-2026-1'), grype('CVE-2026-1', 'High')]
    for (const all of [
      [low, high],
      [high, low],
    ]) {
      const { problems = [] } = await read(matches(...all))
      expect(problems.map(({ severity }) => severity)).toEqual(['HIGH'])
      expect(new Set([problems[0]?.id, ...(problems[0]?.aliases ?? [])])).toEqual(
        new Set(['CVE-2026-1', 'GHSA-aaaa-bbbb-cccc']),
      )
    }
  })

  test('the version that fixes a problem, and its state, are of the match that has one', async () => {
    const match = (fix: object): object => {
      const one = grype('CVE-2026-1', 'High') as { vulnerability: object }
      return { ...one, vulnerability: { ...one.vulnerability, fix } }
    }
    const [without, fixed] = [match({ versions: [], state: 'unknown' }), match({ versions: ['2.9'], state: 'fixed' })]
    for (const all of [
      [without, fixed],
      [fixed, without],
    ])
      expect((await read(matches(...all))).problems).toMatchObject([{ fixed: '2.9', state: 'fixed' }])
  })

  test('a match of the package itself counts before one of its source package', async () => {
    const match = (type: string, version: string): object => {
      const one = grype('ELSA-2026-1', 'High') as { vulnerability: object }
      const fix = { versions: [version], state: 'fixed' }
      return { ...one, vulnerability: { ...one.vulnerability, fix }, matchDetails: [{ type }] }
    }
    const all = [match('exact-indirect-match', '4:5.26'), match('exact-direct-match', '0:1.28')]
    expect((await read(matches(...all))).problems).toMatchObject([{ fixed: '0:1.28' }])
    expect((await read(matches(...all.toReversed()))).problems).toMatchObject([{ fixed: '0:1.28' }])
  })

  test('ids of one scheme are several flaws: no aliases, and no merging', async () => {
    const both = await read(matches(grype('GHSA-aaaa-bbbb-cccc', 'Low', 'CVE-2026-1', 'CVE-2026-2')))
    expect(both.problems?.[0]?.aliases).toBeUndefined()
    const shared = ['CVE-2026-1', 'CVE-2026-2'].map((id, at) =>
      grype(id, at === 0 ? 'Low' : 'Critical', 'GHSA-aaaa-bbbb-cccc'),
    )
    const { problems } = await read(matches(...shared, grype('GHSA-aaaa-bbbb-cccc', 'Low')))
    expect(problems?.map(({ id, severity }) => `${id} ${severity}`)).toEqual([
      'CVE-2026-1 LOW',
      'CVE-2026-2 CRITICAL',
      'GHSA-aaaa-bbbb-cccc LOW',
    ])
  })

  test('a problem that is listed twice has the worse severity', async () => {
    const twice = ['LOW', 'CRITICAL'].map((Severity) => ({ VulnerabilityID: 'CVE-2026-1', Severity }))
    expect((await read(trivy(...twice))).problems).toMatchObject([{ severity: 'CRITICAL' }])
  })

  test('a version is recommended by the sentences of Trivy; other sentences are none', async () => {
    const fixedOf = async (recommendation: string): Promise<string | undefined> => {
      const { problems } = await read({
        bomFormat: 'CycloneDX',
        components: ['busybox', 'ssl_client'].map((name) => ({ type: 'library', 'bom-ref': name, name, version: '1' })),
        vulnerabilities: [{ id: 'CVE-2026-1', recommendation, affects: [{ ref: 'ssl_client' }] }],
      })
      return problems?.[0]?.fixed
    }
    expect(await fixedOf('Upgrade busybox to version 1.30.1-r5; Upgrade ssl_client to version 1.31')).toBe('1.31')
    expect(await fixedOf('2.17.1')).toBe('2.17.1')
    expect(await fixedOf('Please do not use this library any more.')).toBeUndefined()
  })
})

describe('no search for problems', () => {
  const results = (...all: readonly object[]): object => ({ SchemaVersion: 2, ArtifactName: 'web', Results: all })

  test.each([
    ['secrets', results({ Target: 'a', Class: 'secret', Secrets: [{ RuleID: 'token' }] })],
    ['misconfigurations', results({ Target: 'a', Class: 'config', Type: 'dockerfile', MisconfSummary: {} })],
    ['licences', results({ Target: 'OS Packages', Class: 'license' }, { Target: 'a', Class: 'license-file' })],
    ['old secrets, without a class', results({ Target: 'a', Secrets: [] })],
    ['an operating system without a result', { ...results(), Metadata: { OS: { Family: 'alpine', Name: '3' } } }],
    ['a list of Trivy in an SBOM', { bomFormat: 'CycloneDX', components: [], vulnerabilities: [] }],
  ])('%s state nothing about problems', async (_, document) => {
    expect((await read(document)).problems).toBeUndefined()
  })

  test.each([
    ['packages without problems', results({ Target: 'a', Class: 'lang-pkgs', Type: 'npm', Packages: [] })],
    ['an image without packages', results()],
    ['no match of Grype', { matches: null, descriptor: { name: 'grype' } }],
    [
      'an empty list of Grype in an SBOM',
      { bomFormat: 'CycloneDX', metadata: { tools: [{ name: 'grype' }] }, vulnerabilities: [] },
    ],
  ])('%s: a search without findings', async (_, document) => {
    expect((await read(document)).problems).toEqual([])
  })
})

describe('OpenVEX', () => {
  const product = { '@id': 'pkg:deb/debian/bash@5.3' }
  const vex = (...statements: readonly unknown[]): Promise<Report> =>
    read({ '@context': 'https://openvex.dev/ns/v0.2.0', author: 'A', statements })

  test('a statement names its vulnerability by name, by "@id", or as a text; the document needs no id', async () => {
    const ids = ['CVE-2026-1', { name: 'CVE-2026-2' }, { '@id': 'CVE-2026-3' }, { '@id': 'https://nvd/CVE-2026-4' }]
    const { waivers } = await vex(
      ...ids.map((vulnerability) => ({ vulnerability, products: [product], status: 'fixed' })),
    )
    expect(waivers?.map(({ id }) => id)).toEqual(['CVE-2026-1', 'CVE-2026-2', 'CVE-2026-3', 'CVE-2026-4'])
  })

  test('a statement that is not readable costs itself only, and is counted', async () => {
    const good = { vulnerability: 'CVE-2026-1', products: [product], status: 'not_affected' }
    const bad = [{}, { ...good, status: 'maybe' }, { ...good, products: ['a file'] }, 7]
    const report = await vex(...bad, good)
    expect([report.waivers?.length, report.skipped]).toEqual([1, 4])
    expect(report.skippedReason).toMatch(/names no vulnerability/)
    await expect(vex(...bad)).rejects.toThrow(/names no vulnerability/)
  })
})

describe('SPDX', () => {
  const main = {
    SPDXID: 'SPDXRef-main',
    name: 'app',
    versionInfo: '1.0',
    externalRefs: [{ referenceType: 'purl', referenceLocator: 'pkg:npm/app@1.0' }],
  }
  const document = { spdxVersion: 'SPDX-2.3', packages: [main], documentDescribes: ['SPDXRef-main'] }

  test('the main package counts, and an image does not', async () => {
    expect((await read(document)).packages).toMatchObject([{ name: 'app', version: '1.0' }])
    const image = { ...main, primaryPackagePurpose: 'CONTAINER', externalRefs: [] }
    expect((await read({ ...document, packages: [image] })).packages).toEqual([])
    expect((await read({ ...document, packages: [{ SPDXID: 'SPDXRef-main', name: '/src' }] })).packages).toEqual([])
  })

  test('the export of GitHub has its document in "sbom"', async () => {
    expect((await read({ sbom: document })).packages).toMatchObject([{ name: 'app' }])
  })

  test('tags and values are the JSON in another form', async () => {
    const text = [
      '# A comment',
      'SPDXVersion: SPDX-2.3',
      'Creator: Tool: maker-1.2',
      'PackageName: app',
      'SPDXID: SPDXRef-main',
      'PackageVersion: 1.0',
      'PackageLicenseDeclared: MIT',
      'PackageComment: <text>two',
      'PackageName: none',
      '</text>',
      'ExternalRef: PACKAGE-MANAGER purl pkg:npm/app@1.0',
      'FileName: ./a.js',
      'SPDXID: SPDXRef-file',
      'Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-main',
    ]
    const report = await readReport(new TextEncoder().encode(text.join('\r\n')))
    expect(report).toMatchObject({
      format: 'spdx-tag-value',
      tool: { name: 'maker', version: '1.2' },
      packages: [{ name: 'app', version: '1.0', purl: 'pkg:npm/app@1.0', licenses: ['MIT'] }],
      listed: 1,
    })
  })

  test('version 3.0 has elements with relationships', async () => {
    const report = await read({
      '@context': 'https://spdx.org/rdf/3.0.1/spdx-context.jsonld',
      '@graph': [
        { type: 'CreationInfo', createdUsing: ['urn:tool'] },
        { type: 'Tool', spdxId: 'urn:tool', name: 'maker-2.0' },
        { type: 'software_Sbom', spdxId: 'urn:sbom', rootElement: ['urn:image'] },
        {
          type: 'software_Package',
          spdxId: 'urn:image',
          name: 'web',
          software_primaryPurpose: 'container',
          verifiedUsing: [{ type: 'Hash', algorithm: 'sha256', hashValue: 'a'.repeat(64) }],
        },
        {
          type: 'software_Package',
          spdxId: 'urn:lib',
          name: 'lib',
          software_packageVersion: '2',
          software_packageUrl: 'pkg:npm/lib@2',
        },
        { type: 'Relationship', from: 'urn:lib', to: ['urn:mit'], relationshipType: 'hasDeclaredLicense' },
        { type: 'simplelicensing_LicenseExpression', spdxId: 'urn:mit', simplelicensing_licenseExpression: 'MIT' },
      ],
    })
    expect(report).toMatchObject({
      format: 'spdx-3-json',
      tool: { name: 'maker', version: '2.0' },
      image: { digest: digest('a'), name: 'web' },
      packages: [{ name: 'lib', version: '2', purl: 'pkg:npm/lib@2', licenses: ['MIT'] }],
    })
  })
})

describe('Trivy in Kubernetes', () => {
  const problem = { vulnerabilityID: 'CVE-2026-1', resource: 'zlib', installedVersion: '1', severity: 'HIGH', score: 7 }
  const custom = (kind: string, letter: string, report: object): object => ({
    apiVersion: 'aquasecurity.github.io/v1alpha1',
    kind,
    report: {
      artifact: { repository: 'shop/web', digest: digest(letter), tag: '1.0' },
      registry: { server: 'registry.example' },
      scanner: { name: 'Trivy', version: '0.66.0' },
      ...report,
    },
  })
  const found = custom('VulnerabilityReport', 'a', {
    os: { family: 'alpine', name: '3.20' },
    vulnerabilities: [problem],
  })

  test('a VulnerabilityReport has the problems of its image', async () => {
    expect(await read(found)).toMatchObject({
      format: 'trivy-operator',
      tool: { name: 'trivy', version: '0.66.0' },
      image: { digest: digest('a'), name: 'registry.example/shop/web', tags: ['1.0'] },
      facts: [{ name: 'os', value: 'alpine 3.20' }],
      problems: [{ id: 'CVE-2026-1', severity: 'HIGH', score: 0.7, package: 'zlib', version: '1' }],
    })
  })

  test('an SbomReport has packages and states nothing about problems', async () => {
    const components = { bomFormat: 'CycloneDX', components: [{ type: 'library', name: 'a' }], vulnerabilities: [] }
    const report = await read(custom('SbomReport', 'a', { components }))
    expect([report.packages, report.problems, report.image.digest]).toEqual([
      [{ name: 'a', type: 'library' }],
      undefined,
      digest('a'),
    ])
  })

  test('a list of resources, and a report of a cluster, have one report for each image', async () => {
    const list = { kind: 'List', items: [found, custom('VulnerabilityReport', 'b', {}), { kind: 'ConfigMap' }] }
    const resource = (letter: string, id: string): object => ({
      Kind: 'Deployment',
      Metadata: [{ RepoDigests: [`shop/web@${digest(letter)}`] }],
      Results: [{ Class: 'os-pkgs', Type: 'alpine', Vulnerabilities: [{ VulnerabilityID: id, PkgName: 'zlib' }] }],
    })
    const cluster = { ClusterName: 'prod', Resources: [resource('a', 'CVE-1'), resource('b', 'CVE-2')] }
    for (const document of [list, cluster]) {
      const reports = await readReports(new TextEncoder().encode(JSON.stringify(document)))
      expect(reports.map(({ image }) => image.digest)).toEqual([digest('a'), digest('b')])
      expect(reports.map(({ problems }) => problems?.length).at(0)).toBe(1)
      await expect(read(document)).rejects.toThrow(/about 2 images/)
    }
  })
})

test('the source of events is a URI reference for every name of a tool', () => {
  const tool = { name: 'CycloneDX Maven plugin / ü' }
  const [event] = eventsOfReport(
    { format: 'cyclonedx-json', tool, image: { digest: digest('a') }, packages: [] },
    { sha256: 'f'.repeat(64), time: 0, origin: 'a' },
  )
  expect(event?.source).toBe('/images/CycloneDX%20Maven%20plugin%20%2F%20%C3%BC')
})
