/** CycloneDX that a schema refuses, and the components that are packages. */
import { describe, expect, test } from 'vitest'
import { readReport, type Report } from './index.ts'

const read = (rest: object): Promise<Report> =>
  readReport(Buffer.from(JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.6', ...rest })))
const library = (rest: object): object => ({ type: 'library', name: 'a', version: '1', ...rest })
const vulnerability = (rest: object): object => ({ id: 'CVE-2026-1', affects: [{ ref: 'a' }], ...rest })
const names = ({ packages = [] }: Report): readonly string[] => packages.map(({ name }) => name)

describe('refused, because wrong values would be stored', () => {
  test.each([
    ['name', 7, '"name" of a package is the number 7'],
    ['version', 1.1, '"version" of a package is the number 1.1 instead of a text'],
    ['purl', 1, '"purl" of a package is the number 1'],
    ['bom-ref', 1, '"bom-ref" of a package is the number 1'],
  ])('%s %s', async (member, value, reason) => {
    await expect(read({ components: [library({ [member]: value })] })).rejects.toThrow(reason)
  })

  test('a vulnerability that affects a reference of two packages', async () => {
    const components = [library({ 'bom-ref': 'a' }), library({ 'bom-ref': 'a', version: '2' })]
    await expect(read({ components, vulnerabilities: [vulnerability({})] })).rejects.toThrow(
      'CVE-2026-1 affects "a", which is the bom-ref of several packages.',
    )
    expect(names(await read({ components }))).toEqual(['a', 'a'])
    const same = [library({ 'bom-ref': 'a' }), library({ 'bom-ref': 'a' })]
    const { problems } = await read({ components: same, vulnerabilities: [vulnerability({})] })
    expect(problems).toMatchObject([{ id: 'CVE-2026-1', package: 'a', version: '1' }])
  })

  test('vulnerabilities without an id, which would look like a search without findings', async () => {
    await expect(read({ vulnerabilities: [{ affects: [] }, 7] })).rejects.toThrow('Problems without an id: 2.')
  })
})

test('unreadable components and vulnerabilities among others are counted with their reason', async () => {
  const { skipped, skippedReason, packages, problems } = await read({
    components: [library({ 'bom-ref': 'a' }), {}],
    vulnerabilities: [vulnerability({}), {}],
  })
  expect([packages?.length, problems?.length, skipped]).toEqual([1, 1, 2])
  expect(skippedReason).toBe('Packages with neither a name nor a package URL: 1. Problems without an id: 1.')
})

test.each([
  ['OWASP has another scale', [{ method: 'OWASP', score: 9 }], undefined, 'UNKNOWN'],
  ['of another method, but with a word', [{ method: 'other', score: 75, severity: 'low' }], undefined, 'LOW'],
  ['above 10', [{ method: 'CVSSv31', score: 75 }], undefined, 'UNKNOWN'],
  [
    'the newest that is readable',
    [
      { method: 'CVSSv31', score: 75 },
      { method: 'CVSSv2', score: 5 },
    ],
    0.5,
    'MEDIUM',
  ],
  ['without a method', [{ score: 9.8 }], 0.98, 'CRITICAL'],
])('scores are those of CVSS: %s', async (_, ratings, score, severity) => {
  const { problems } = await read({ vulnerabilities: [vulnerability({ ratings })] })
  expect(problems?.map((each) => [each.score, each.severity])).toEqual([[score, severity]])
})

test('a repeated id of a license in XML is one license', async () => {
  const { packages } = await readReport(
    Buffer.from(
      `<bom xmlns="http://cyclonedx.org/schema/bom/1.0"><components><component type="library"><name>a</name>
       <licenses><license><id>MIT</id><id>MIT</id></license></licenses></component><component/></components></bom>`,
    ),
  )
  expect(packages).toEqual([{ name: 'a', type: 'library', licenses: ['MIT'] }])
})

test('the types of components that are packages', async () => {
  const component = (type: string, rest: object = {}): object => ({ type, name: type, ...rest })
  const versioned = { version: '1' }
  const report = await read({
    components: [
      component('machine-learning-model'),
      component('firmware', versioned),
      component('application'),
      component('device', versioned),
      component('data', versioned),
      component('file', versioned),
      component('file', { ...versioned, name: 'lib.jar', purl: 'pkg:maven/org.example/lib@1' }),
    ],
    metadata: { component: component('application', { ...versioned, components: [library({ name: 'module' })] }) },
  })
  expect(names(report)).toEqual(['module', 'machine-learning-model', 'firmware', 'lib.jar'])
})
