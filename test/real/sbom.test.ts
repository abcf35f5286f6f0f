// Documents that Syft, npm and cyclonedx-py write about real trees: Weir lists as many packages as the tools
// themselves.
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, type TestContext } from 'vitest'
import { readReport } from '../../src/codecs/sbom/index.ts'
import { sbomSchema } from '../../src/connectors/sbom/config.ts'
import { source as sbom } from '../../src/connectors/sbom/source.ts'
import { insightTypes } from '../../src/model/image-insights.ts'
import { configFrom } from '../../src/schema/index.ts'
import { ROOT, runCommand } from '../../tools/kit/command.ts'
import { eventsOf } from '../conformance/polling-bench.ts'
import { TestJournal } from '../conformance/test-journal.ts'
import { proves } from '../kit/proof.ts'
import type { Installed } from './install/apt.ts'
import { installCyclonedxPy } from './install/cyclonedx-py.ts'
import { installPythonBuses } from './install/python-buses.ts'
import { installSyft } from './install/syft.ts'
import { leastPackages, packageTree, packageTrees } from './kit/package-trees.ts'

let home = ''
let syft: Installed = { path: undefined, reason: 'not installed' }
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'weir-sbom-'))
  syft = await installSyft()
}, 1_800_000)
afterAll(() => rm(home, { recursive: true, force: true }))

interface Scanned {
  readonly folder: string
  /** Rows of the tool's own table, with the repeated ones. */
  readonly count: number
}

const scans = new Map<string, Promise<Scanned>>()

async function scanned(name: string, context: TestContext): Promise<Scanned> {
  if (syft.path === undefined) return context.skip(syft.reason)
  const tree = await packageTree(name, home)
  if (typeof tree !== 'string') return context.skip(tree.missing)
  const program = syft.path
  const known = scans.get(name) ?? scan(program, name, tree)
  scans.set(name, known)
  return known
}

const formats = ['syft-json', 'cyclonedx-json', 'cyclonedx-xml', 'spdx-json'] as const

async function scan(program: string, name: string, tree: string): Promise<Scanned> {
  const folder = join(home, `out-${name}`)
  await mkdir(folder)
  const outputs = [...formats, 'syft-table'].flatMap((format) => ['-o', `${format}=${join(folder, format)}`])
  const ran = await runCommand(
    program,
    ['scan', '-q', `dir:${tree}`, '--override-default-catalogers', 'image', ...outputs],
    { limit: 300_000, env: { SYFT_CHECK_FOR_APP_UPDATE: 'false' } },
  )
  expect([ran.code, ran.output]).toEqual([0, ''])
  const [, ...rows] = (await readFile(join(folder, 'syft-table'), 'utf8'))
    .split('\n')
    .filter((row) => row.trim() !== '')
  const repeated = rows.map((row) => Number(/\(\+(\d+) duplicates?\)/.exec(row)?.[1] ?? 0))
  return { folder, count: rows.length + repeated.reduce((sum, each) => sum + each, 0) }
}

describe.each(packageTrees)('a %s tree', (name) => {
  test.for(formats)('%s has as many packages as the table of Syft', { timeout: 400_000 }, async (format, context) => {
    const { folder, count } = await scanned(name, context)
    expect(count).toBeGreaterThanOrEqual(leastPackages[name] ?? 1)
    const report = await readReport(await readFile(join(folder, format)))
    expect(report.listed).toBe(count)
    // Packages of one identity are one row: as many as there are package URLs without qualifiers.
    const { artifacts } = JSON.parse(await readFile(join(folder, 'syft-json'), 'utf8')) as {
      artifacts: { name: string; version: string; type: string; purl?: string }[]
    }
    const distinct = new Set(
      artifacts.map(({ purl = '', type, name: of, version }) => purl.split(/[?#]/)[0] || `${type} ${of} ${version}`),
    )
    if (format === 'syft-json') expect(report.packages).toHaveLength(distinct.size)
  })
})

describe('npm sbom', () => {
  test.each(['cyclonedx', 'spdx'])('%s has as many packages as npm ls', { timeout: 200_000 }, async (format) => {
    const [written, list] = await Promise.all([
      runCommand('npm', ['sbom', `--sbom-format=${format}`], { cwd: ROOT, limit: 100_000 }),
      runCommand('npm', ['ls', '--all', '--parseable', '--long'], { cwd: ROOT, limit: 100_000 }),
    ])
    // Each line is path:name@version; the first one is the checkout.
    const [checkout = '', ...others] = list.stdout.trim().split('\n')
    // CycloneDX describes the checkout beside its components, SPDX among its packages.
    const lines = format === 'spdx' ? [checkout, ...others] : others
    const packages = new Set(lines.map((line) => line.split(':')[1]))
    const report = await readReport(new TextEncoder().encode(written.stdout))
    expect(report.packages?.length).toBeGreaterThan(300)
    expect(new Set(report.packages?.map(({ name: of, version }) => `${of}@${version}`))).toEqual(packages)
  })
})

describe('cyclonedx-py', () => {
  test.for(['JSON', 'XML'])('%s has as many packages as pip list', { timeout: 300_000 }, async (format, context) => {
    const [tool, python] = [await installCyclonedxPy(), await installPythonBuses()]
    if (tool.path === undefined) return context.skip(tool.reason)
    if (python.path === undefined) return context.skip(python.reason)
    const limit = { limit: 100_000 }
    const list = ['-m', 'pip', 'list', '--format', 'freeze', '--disable-pip-version-check']
    const [written, listed] = await Promise.all([
      runCommand(tool.path, ['-m', 'cyclonedx_py', 'environment', '--of', format, python.path], limit),
      runCommand(python.path, list, limit),
    ])
    const packages = listed.stdout.trim().split('\n').toSorted()
    expect(packages.length).toBeGreaterThan(20)
    const report = await readReport(new TextEncoder().encode(written.stdout))
    const found = report.packages?.map(({ name: of, version }) => `${of}==${version}`).toSorted()
    expect([report.listed, found]).toEqual([packages.length, packages])
  })
})

describe('sbom', () => {
  proves('source', { system: 'sbom', server: 'Syft', version: () => (syft.path === undefined ? undefined : '1.57.0') })

  test('a folder with documents of Syft becomes events of every package, and its reports', async (context) => {
    const folder = join(home, 'documents')
    await mkdir(folder)
    const wanted: number[] = []
    for (const [index, name] of packageTrees.entries()) {
      const { folder: from } = await scanned(name, context)
      const report = await readReport(await readFile(join(from, 'syft-json')))
      wanted.push(report.packages?.length ?? 0)
      await copyFile(join(from, 'syft-json'), join(folder, `sha256-${String(index).repeat(64)}.json`))
    }
    await writeFile(
      join(folder, 'cut.json'),
      (await readFile(join(folder, 'sha256-' + '0'.repeat(64) + '.json'))).subarray(0, 9),
    )
    expect(await readdir(folder)).toHaveLength(wanted.length + 1)
    const journal = new TestJournal()
    const source = await sbom.build(configFrom(sbomSchema, { path: folder, every: '100ms' }), journal.context(1))
    const abort = new AbortController()
    const done = source.run(abort.signal)
    onTestFinished(async () => {
      abort.abort()
      await done
    })
    const events = (): ReturnType<typeof eventsOf> => journal.units.flatMap(eventsOf)
    const reports = (): ReturnType<typeof eventsOf> => events().filter(({ type }) => type === insightTypes.report)
    await expect.poll(() => reports().length, { timeout: 60_000 }).toBe(wanted.length)
    const digests = wanted.map((_, index) => `sha256:${String(index).repeat(64)}`)
    expect(
      digests.map((digest) => events().filter(({ key, family }) => key === digest && family === 'package').length),
    ).toEqual(wanted)
    expect(journal.shed).toEqual({ malformed: 1 })
  }, 400_000)
})
