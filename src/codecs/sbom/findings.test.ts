// Findings of Dependency-Track, problems of SPDX 3, and SPDX in YAML.
import { expect, test } from 'vitest'
import { readReport, type Report } from './index.ts'

const digest = `sha256:${'a'.repeat(64)}`
const read = (document: unknown): Promise<Report> => readReport(Buffer.from(JSON.stringify(document)))

const finding = (component: object, vulnerability: object, state = 'NOT_SET'): object => ({
  component: { uuid: 'c', project: 'p', ...component },
  vulnerability: { uuid: 'v', source: 'NVD', ...vulnerability },
  analysis: { state, isSuppressed: false },
  matrix: 'p:c:v',
})

test('an export of findings of Dependency-Track has its problems, with aliases, severity and score', async () => {
  const report = await read({
    version: '1.3',
    meta: { application: 'Dependency-Track', version: '4.13.2', baseUrl: 'https://dt.example' },
    project: { uuid: 'p', name: 'shop/web', version: digest },
    findings: [
      finding(
        { group: 'org.example', name: 'codec', version: '1.2', purl: 'pkg:maven/org.example/codec@1.2' },
        {
          vulnId: 'GHSA-aaaa-bbbb-cccc',
          severity: 'HIGH',
          cvssV3BaseScore: 7.5,
          title: 'Overflow',
          aliases: [{ cveId: 'CVE-2099-1', ghsaId: 'GHSA-aaaa-bbbb-cccc' }],
        },
        'IN_TRIAGE',
      ),
      finding({ name: 'left', version: '2' }, { vulnId: 'CVE-2099-2', severity: 'INFO' }),
    ],
  })
  expect(report).toMatchObject({
    format: 'dependency-track-findings',
    tool: { name: 'Dependency-Track', version: '4.13.2' },
    image: { digest, name: 'shop/web' },
  })
  expect(report.packages).toBeUndefined()
  expect(report.problems).toEqual([
    {
      id: 'GHSA-aaaa-bbbb-cccc',
      aliases: ['CVE-2099-1'],
      severity: 'HIGH',
      score: 0.75,
      package: 'org.example/codec',
      version: '1.2',
      type: 'maven',
      purl: 'pkg:maven/org.example/codec@1.2',
      state: 'in_triage',
      title: 'Overflow',
    },
    { id: 'CVE-2099-2', severity: 'NEGLIGIBLE', package: 'left', version: '2' },
  ])
})

test('an export without findings reports that none are known', async () => {
  const report = await read({ version: '1.2', meta: { application: 'Dependency-Track' }, project: {}, findings: [] })
  expect(report.problems).toEqual([])
})

const graph = (...elements: object[]): object => ({
  '@context': 'https://spdx.org/rdf/3.0.1/spdx-context.jsonld',
  '@graph': [
    { type: 'SpdxDocument', spdxId: 'urn:d', rootElement: ['urn:p/lib'] },
    { type: 'software_Package', spdxId: 'urn:p/lib', name: 'lib', software_packageUrl: 'pkg:npm/lib@1' },
    { type: 'software_Package', spdxId: 'urn:p/safe', name: 'safe', software_packageUrl: 'pkg:npm/safe@2' },
    ...elements,
  ],
})
const flaw = (number: number, more: object = {}): object => ({
  type: 'security_Vulnerability',
  spdxId: `urn:v/${number}`,
  externalIdentifier: [
    { type: 'ExternalIdentifier', externalIdentifierType: 'cve', identifier: `CVE-2099-${number}` },
    { type: 'ExternalIdentifier', externalIdentifierType: 'securityOther', identifier: 'GHSA-aaaa-bbbb-cccc' },
  ],
  ...more,
})
const relation = (type: string, relationshipType: string, from: string, to: unknown, more: object = {}): object => ({
  type,
  spdxId: `urn:r/${relationshipType}`,
  relationshipType,
  from,
  to,
  ...more,
})

test('vulnerabilities of SPDX 3 are problems of the packages that are related to them', async () => {
  const report = await read(
    graph(
      flaw(1, { summary: 'Bad', description: 'Worse' }),
      relation('Relationship', 'hasAssociatedVulnerability', 'urn:p/lib', ['urn:v/1']),
      relation('security_CvssV2VulnAssessmentRelationship', 'hasAssessmentFor', 'urn:v/1', ['urn:p/lib'], {
        security_score: '4.3',
      }),
      relation('security_CvssV3VulnAssessmentRelationship', 'hasAssessmentFor', 'urn:v/1', ['urn:p/lib'], {
        security_score: 9.8,
        security_severity: 'critical',
      }),
    ),
  )
  expect(report.problems).toEqual([
    {
      id: 'CVE-2099-1',
      aliases: ['GHSA-aaaa-bbbb-cccc'],
      severity: 'CRITICAL',
      score: 0.98,
      package: 'lib',
      type: 'npm',
      purl: 'pkg:npm/lib@1',
      title: 'Bad',
      description: 'Worse',
    },
  ])
  expect(report.packages).toHaveLength(2)
  expect(report.waivers).toBeUndefined()
})

test('statements of VEX in SPDX 3 are waivers, and one that ends a problem leaves none', async () => {
  const report = await read(
    graph(
      flaw(1),
      relation('security_VexAffectedVulnAssessmentRelationship', 'affects', 'urn:v/1', ['urn:p/lib'], {
        security_actionStatement: 'Upgrade',
      }),
      relation('security_VexNotAffectedVulnAssessmentRelationship', 'doesNotAffect', 'urn:v/1', ['urn:p/safe'], {
        security_justificationType: 'vulnerableCodeNotPresent',
      }),
      relation('Relationship', 'hasAssociatedVulnerability', 'urn:p/safe', ['urn:v/1']),
    ),
  )
  expect(report.problems?.map(({ package: name }) => name)).toEqual(['lib'])
  expect(report.waivers).toMatchObject([
    { id: 'CVE-2099-1', status: 'affected', purl: 'pkg:npm/lib@1', action: 'Upgrade', document: 'urn:r' },
    { status: 'not_affected', purl: 'pkg:npm/safe@2', justification: 'vulnerable_code_not_present' },
  ])
})

test('SPDX 3 without vulnerabilities states nothing about problems', async () => {
  expect((await read(graph())).problems).toBeUndefined()
})

const yaml = `# comment
SPDXID: "SPDXRef-DOCUMENT"
spdxVersion: "SPDX-2.3"
creationInfo:
  creators: ["Tool: maker-1.0"]
packages:
- SPDXID: SPDXRef-a
  name: lib
  versionInfo: 1.10
  licenseConcluded: MIT
  externalRefs:
  - {referenceCategory: PACKAGE-MANAGER, referenceType: purl, referenceLocator: "pkg:npm/lib@1.10"}
`

test('SPDX in YAML has the packages of its JSON, with versions as they are written', async () => {
  const report = await readReport(Buffer.from(yaml))
  expect(report).toMatchObject({ format: 'spdx-yaml', tool: { name: 'maker', version: '1.0' } })
  expect(report.packages).toEqual([
    { name: 'lib', version: '1.10', type: 'npm', purl: 'pkg:npm/lib@1.10', licenses: ['MIT'] },
  ])
})

test('unreadable YAML, expanding aliases and RDF are refused with the reason', async () => {
  await expect(readReport(Buffer.from('spdxVersion: "SPDX-2.3\npackages: ['))).rejects.toThrow(
    'The document is not YAML',
  )
  const bomb = `spdxVersion: SPDX-2.3\na: &a [x, x]\nb: &b [*a, *a]\npackages: [*b, *b]\n`
  await expect(readReport(Buffer.from(bomb))).rejects.toThrow('The document is not YAML')
  const rdf = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"></rdf:RDF>'
  await expect(readReport(Buffer.from(rdf))).rejects.toThrow('SPDX as RDF/XML is not read')
})

test('a text that is no JSON is refused with one full sentence', async () => {
  await expect(readReport(Buffer.from('@prefix spdx: <http://spdx.org/rdf/terms#> .'))).rejects.toThrow(
    /^The document is not JSON: .*[^.]\.$/,
  )
})
