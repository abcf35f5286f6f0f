/** SPDX in the forms that its examples and tools have. */
import { describe, expect, test } from 'vitest'
import { readReport, type Report } from './index.ts'

const read = (document: object): Promise<Report> => readReport(Buffer.from(JSON.stringify(document)))
const spdx2 = (packages: readonly unknown[], described: readonly string[] = ['SPDXRef-main']): Promise<Report> =>
  read({ spdxVersion: 'SPDX-2.3', packages, documentDescribes: described })
const listed = ({ packages = [] }: Report): readonly string[] => packages.map(({ name }) => name)

describe('the described element is a package', () => {
  const main = (rest: object): object => ({ SPDXID: 'SPDXRef-main', name: 'hello', ...rest })

  test.each([
    ['without a version', main({})],
    ['for a purpose', main({ primaryPackagePurpose: 'LIBRARY' })],
    ['that is a program', main({ primaryPackagePurpose: 'APPLICATION' })],
    ['that is source', main({ primaryPackagePurpose: 'SOURCE' })],
  ])('%s', async (_, one) => {
    expect(listed(await spdx2([one]))).toEqual(['hello'])
  })

  test.each([
    ['the folder of Syft', main({ SPDXID: 'SPDXRef-DocumentRoot-Directory-src' })],
    ['a path', main({ name: './src' })],
    ['a file', main({ primaryPackagePurpose: 'FILE' })],
    ['the folder of Trivy', main({ SPDXID: 'SPDXRef-Filesystem-2e2426fd0f2580', primaryPackagePurpose: 'SOURCE' })],
    ['the image of Trivy, with a short id', main({ SPDXID: 'SPDXRef-ContainerImage-dd5cad897c6263' })],
    ['an image by its digest', main({ name: `web@sha256:${'a'.repeat(64)}` })],
  ])('unless it was searched: %s', async (_, one) => {
    const id = (one as { SPDXID: string }).SPDXID
    expect(listed(await spdx2([one, { SPDXID: 'SPDXRef-lib', name: 'lib' }], [id]))).toEqual(['lib'])
  })
})

test('packages that are no objects are counted; a version that is a number is refused', async () => {
  expect(await spdx2([null, { name: 'a' }])).toMatchObject({ packages: [{ name: 'a' }], skipped: 1 })
  await expect(spdx2([{ name: 'a', versionInfo: 1.1 }])).rejects.toThrow('"versionInfo" of a package is the number 1.1')
})

describe('YAML', () => {
  const yaml = (version: string, comment: string): Promise<Report> =>
    readReport(
      Buffer.from(
        ['SPDXID: SPDXRef-DOCUMENT', `comment: ${comment}`, 'packages:', '- name: a', '  versionInfo: 1.10']
          .concat(`spdxVersion: ${version}`)
          .join('\n'),
      ),
    )

  test('has its version anywhere', async () => {
    expect(await yaml('SPDX-2.3', 'x'.repeat(20_000))).toMatchObject({
      format: 'spdx-yaml',
      packages: [{ name: 'a', version: '1.10' }],
    })
  })

  test('of another version is refused', async () => {
    await expect(yaml('SPDX-1.2', 'x')).rejects.toThrow('YAML of SPDX-1.2 is not supported')
  })
})

test.each([
  ['<Document><spdxVersion>SPDX-2.3</spdxVersion></Document>', 'SPDX as XML is not read'],
  ['<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>', 'SPDX as RDF/XML is not read'],
])('%s is refused', async (text, reason) => {
  await expect(readReport(Buffer.from(text))).rejects.toThrow(reason)
})

describe('3.0', () => {
  const read3 = (...graph: readonly object[]): Promise<Report> =>
    read({ '@context': 'https://spdx.org/rdf/3.0.1/spdx-context.jsonld', '@graph': graph })
  const library = { type: 'software_Package', spdxId: 'urn:lib', name: 'lib' }
  const licensed = (to: unknown, ...elements: readonly object[]): Promise<Report> =>
    read3(library, { type: 'Relationship', from: 'urn:lib', to, relationshipType: 'hasDeclaredLicense' }, ...elements)
  const expression = (id: string, text: string): object => ({
    type: 'simplelicensing_LicenseExpression',
    spdxId: `urn:${id}`,
    simplelicensing_licenseExpression: text,
  })
  const expanded = (id: string, type: string, rest: object): object => ({
    type: `expandedlicensing_${type}`,
    spdxId: `urn:${id}`,
    ...Object.fromEntries(Object.entries(rest).map(([name, value]) => [`expandedlicensing_${name}`, value as unknown])),
  })
  const mit = expression('mit', 'MIT')
  const either = expanded('either', 'DisjunctiveLicenseSet', { member: ['urn:mit', 'https://spdx.org/licenses/0BSD'] })

  test.each<[string, unknown, readonly object[], string | undefined]>([
    ['an expression', ['urn:mit'], [mit], 'MIT'],
    ['an expression in place', { ...mit }, [], 'MIT'],
    ['without the prefix of its profile', ['urn:a'], [{ spdxId: 'urn:a', licenseExpression: 'MIT' }], 'MIT'],
    ['a listed license, by its id', ['https://spdx.org/licenses/Apache-2.0'], [], 'Apache-2.0'],
    ['a custom one', ['https://example.com/doc#LicenseRef-own'], [], 'LicenseRef-own'],
    ['one of two', ['urn:either'], [either, mit], 'MIT OR 0BSD'],
    [
      'two, one of them a choice',
      ['urn:both'],
      [expanded('both', 'ConjunctiveLicenseSet', { member: ['urn:either', 'urn:mit'] }), either, mit],
      '(MIT OR 0BSD) AND MIT',
    ],
    [
      'or later, with an exception',
      ['urn:with'],
      [
        expanded('with', 'WithAdditionOperator', {
          subjectExtendableLicense: 'urn:later',
          subjectAddition: 'https://spdx.org/licenses/Classpath-exception-2.0',
        }),
        expanded('later', 'OrLaterOperator', { subjectLicense: 'https://spdx.org/licenses/GPL-2.0-only' }),
      ],
      'GPL-2.0-only+ WITH Classpath-exception-2.0',
    ],
    ['no assertion', ['expandedlicensing_NoAssertionLicense'], [], undefined],
    ['none', ['https://spdx.org/rdf/3.0.1/terms/ExpandedLicensing/NoneLicense'], [], undefined],
    ['an element that the document lacks', ['urn:doc/SPDXRef-License-1'], [], undefined],
    ['a set with such an element', ['urn:either'], [either], undefined],
    [
      'a set that contains itself',
      ['urn:x'],
      [expanded('x', 'ConjunctiveLicenseSet', { member: ['urn:x'] })],
      undefined,
    ],
  ])('a license is %s', async (_, to, elements, license) => {
    const { packages } = await licensed(to, ...elements)
    expect(packages?.[0]?.licenses).toEqual(license === undefined ? undefined : [license])
  })

  test('models are packages, datasets are not; the tool may be an agent', async () => {
    const report = await read3(
      { type: 'CreationInfo', createdBy: ['urn:person', 'urn:agent'] },
      { type: 'Person', spdxId: 'urn:person', name: 'A. Person' },
      { type: 'SoftwareAgent', spdxId: 'urn:agent', name: 'maker-1.2' },
      { type: 'ai_AIPackage', spdxId: 'urn:model', name: 'model', software_packageVersion: '1' },
      { type: 'dataset_DatasetPackage', spdxId: 'urn:data', name: 'data' },
      library,
    )
    expect(listed(report)).toEqual(['model', 'lib'])
    expect(report.tool).toEqual({ name: 'maker', version: '1.2' })
  })
})
