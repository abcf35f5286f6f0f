/** Forms of documents that other tools write, beside those that the standards show. */
import { describe, expect, test } from 'vitest'
import { readReport, type Report } from './index.ts'

const read = (document: unknown): Promise<Report> => readReport(Buffer.from(JSON.stringify(document)))
const failure = (document: unknown): Promise<string> =>
  read(document).then(String, (error: unknown) => (error instanceof Error ? error.message : ''))
const cycloneDx = (rest: object): object => ({ bomFormat: 'CycloneDX', specVersion: '1.6', ...rest })
const library = (rest: object): object => ({ type: 'library', ...rest })
const xml = (licenses: string): Promise<Report> =>
  readReport(
    Buffer.from(
      `<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><components><component type="library"><name>a</name>
       <version>1</version><licenses>${licenses}</licenses></component></components></bom>`,
    ),
  )

describe('documents in UTF-16, as Windows PowerShell redirects output', () => {
  const text = JSON.stringify(cycloneDx({ components: [library({ name: 'süß', version: '1' })] }))
  const little = Buffer.from(`\uFEFF${text}`, 'utf16le')

  test.each([
    ['little-endian', little],
    ['big-endian', Buffer.from(little).swap16()],
  ])('%s', async (_, bytes) => {
    expect((await readReport(bytes)).packages).toEqual([{ name: 'süß', version: '1', type: 'library' }])
  })

  test('tags and values', async () => {
    const lines = ['\uFEFFSPDXVersion: SPDX-2.3', 'PackageName: a', 'PackageVersion: 1', '']
    const { format, packages } = await readReport(Buffer.from(lines.join('\r\n'), 'utf16le'))
    expect(format).toBe('spdx-tag-value')
    expect(packages).toEqual([{ name: 'a', version: '1' }])
  })
})

describe('package URLs', () => {
  test('encoded or not, a package has one text', async () => {
    const urls = ['pkg:npm/@scope/a@1+b', 'pkg:npm/%40scope/a@1%2Bb?arch=x', 'pkg:npm/%40scope%2Fa@1+b']
    const { packages, listed } = await read(
      cycloneDx({ components: urls.map((purl) => library({ name: '@scope/a', version: '1+b', purl })) }),
    )
    expect(listed).toBe(3)
    expect(packages).toMatchObject([{ purl: 'pkg:npm/%40scope/a@1%2Bb' }])
  })

  test('without a version get that of the component, so that two versions stay two packages', async () => {
    const component = (version: string): object => library({ name: 'a', version, purl: 'pkg:npm/a?x=y' })
    const { packages } = await read(cycloneDx({ components: [component('1'), component('2')] }))
    expect(packages?.map(({ version, purl }) => [version, purl])).toEqual([
      ['1', 'pkg:npm/a@1?x=y'],
      ['2', 'pkg:npm/a@2?x=y'],
    ])
  })

  test('without a name are none', async () => {
    const { packages } = await read(
      cycloneDx({ components: [library({ name: ':', version: '2', purl: 'pkg:maven/@2' })] }),
    )
    expect(packages).toEqual([{ name: ':', version: '2', type: 'library' }])
  })

  test('name components without a name; the vendor of a system is no part of the name', async () => {
    const urls = ['pkg:maven/org.example/core@1', 'pkg:deb/debian/libc6@2', 'pkg:npm/%40scope/a@3']
    const { packages } = await read(cycloneDx({ components: urls.map((purl) => library({ purl })) }))
    expect(packages?.map(({ name, version }) => `${name} ${version}`)).toEqual([
      'org.example/core 1',
      'libc6 2',
      '@scope/a 3',
    ])
  })

  test('of affected packages may be an element of another document, escaped', async () => {
    const refs = [
      'urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#pkg:deb/ubuntu/liba%2Bb@1%2Bc?arch=amd64',
      'urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#pkg%3Adeb%2Fubuntu%2Fliba%2Bb%401%2Bc',
      'pkg:deb/ubuntu/liba+b@1+c',
    ]
    for (const ref of refs) {
      const { problems } = await read(
        cycloneDx({ vulnerabilities: [{ id: 'CVE-2026-1', analysis: { state: 'not_affected' }, affects: [{ ref }] }] }),
      )
      expect(problems).toMatchObject([{ package: 'liba+b', version: '1+c', type: 'deb', state: 'not_affected' }])
      expect(problems?.[0]?.purl?.split('?')[0]).toBe('pkg:deb/ubuntu/liba%2Bb@1%2Bc')
    }
  })
})

describe('CycloneDX', () => {
  test('a null list of components is an empty one', async () => {
    expect((await read(cycloneDx({ components: null }))).packages).toEqual([])
  })

  test('components without a name are counted', async () => {
    const { packages, skipped, skippedReason } = await read(
      cycloneDx({ components: [library({}), library({ name: 'a' })] }),
    )
    expect(packages).toEqual([{ name: 'a', type: 'library' }])
    expect(skipped).toBe(1)
    expect(skippedReason).toContain('neither a name nor a package URL')
    for (const unnamed of [library({}), { type: 'application' }, null, 'a'])
      expect(await failure(cycloneDx({ components: [unnamed] }))).toContain('neither a name nor a package URL')
  })

  test('the extension of 1.1 has vulnerabilities below their component, or names it', async () => {
    const vulnerability = (attributes: string, id: string): string =>
      `<v:vulnerability ${attributes}><v:id>${id}</v:id><v:ratings><v:rating><v:score><v:base>9.8</v:base></v:score>
       <v:severity>Critical</v:severity><v:method>CVSSv3</v:method></v:rating></v:ratings></v:vulnerability>`
    const { problems } = await readReport(
      Buffer.from(
        `<bom xmlns="http://cyclonedx.org/schema/bom/1.1" xmlns:v="http://cyclonedx.org/schema/ext/vulnerability/1.0">
         <components><component type="library" bom-ref="a"><name>lib</name><version>1</version>
         <purl>pkg:npm/lib@1</purl>
         <v:vulnerabilities>${vulnerability('ref="a"', 'CVE-2026-1')}</v:vulnerabilities></component></components>
         <v:vulnerabilities>${vulnerability('ref="a"', 'CVE-2026-2')}</v:vulnerabilities></bom>`,
      ),
    )
    const found = problems?.map((one) => [one.id, one.severity, one.score, one.package, one.version, one.purl])
    expect(found?.toSorted()).toEqual([
      ['CVE-2026-1', 'CRITICAL', 0.98, 'lib', '1', 'pkg:npm/lib@1'],
      ['CVE-2026-2', 'CRITICAL', 0.98, 'lib', '1', 'pkg:npm/lib@1'],
    ])
  })

  test('of another major version is refused', async () => {
    expect(await failure(cycloneDx({ specVersion: '2.0', components: [] }))).toContain('CycloneDX 2.0')
    const bytes = Buffer.from('<bom xmlns="http://cyclonedx.org/schema/bom/2.0"/>')
    await expect(readReport(bytes)).rejects.toThrow('no CycloneDX 1')
  })

  test.each([
    '<expression bom-ref="x" acknowledgement="declared"> MIT OR Apache-2.0 </expression>',
    '<expression-detailed expression="MIT OR Apache-2.0"><details license-identifier="MIT"/></expression-detailed>',
  ])('XML: %s', async (license) => {
    expect((await xml(license)).packages).toMatchObject([{ licenses: ['MIT OR Apache-2.0'] }])
  })
})

test('SPDX 2.2 of Trivy has the kinds of elements in their ids', async () => {
  const element = (kind: string, name: string, versionInfo?: string): object => ({
    SPDXID: `SPDXRef-${kind}-0123456789abcdef`,
    name,
    versionInfo,
  })
  const { packages, facts } = await read({
    spdxVersion: 'SPDX-2.2',
    packages: [
      element('ContainerImage', 'web'),
      element('OperatingSystem', 'alpine', '3.16.0'),
      element('Application', 'node-pkg'),
      element('Package', 'musl', '1.2.3-r0'),
    ],
    relationships: [
      {
        spdxElementId: 'SPDXRef-DOCUMENT',
        relationshipType: 'DESCRIBE',
        relatedSpdxElement: 'SPDXRef-ContainerImage-0123456789abcdef',
      },
    ],
  })
  expect(packages).toEqual([{ name: 'musl', version: '1.2.3-r0' }])
  expect(facts).toEqual([{ name: 'os', value: 'alpine 3.16.0', category: 'os' }])
})

test('a statement of OpenVEX about an image without digest is not taken for one about a package', async () => {
  const statement = (product: string): object => ({
    vulnerability: { name: 'CVE-2026-1' },
    status: 'fixed',
    products: [{ '@id': product, subcomponents: [{ '@id': 'pkg:rpm/redhat/podman' }] }],
  })
  const vex = (...statements: readonly object[]): object => ({
    '@context': 'https://openvex.dev/ns/v0.2.0',
    '@id': 'https://example.com/vex',
    statements,
  })
  const byName = statement('pkg:oci/podman?repository_url=registry.example.com/podman')
  expect(await failure(vex(byName))).toContain('has the digest of an image')
  const { waivers, skipped } = await read(vex(byName, statement('pkg:apk/wolfi/git@2?arch=x86_64')))
  expect(waivers).toMatchObject([{ purl: 'pkg:apk/wolfi/git@2' }])
  expect(skipped).toBe(1)
})
