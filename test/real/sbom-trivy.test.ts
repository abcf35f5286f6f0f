// Documents that Trivy writes about real trees: Weir lists as many packages as Trivy itself counts. Its databases are
// not downloaded: packages need none, except for an empty one of jars, which are then known by their own data.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readReport, type Report } from '../../src/codecs/sbom/index.ts'
import { runCommand } from '../../tools/kit/command.ts'
import { proves } from '../kit/proof.ts'
import type { Installed } from './install/apt.ts'
import { installTrivy } from './install/trivy.ts'
import { leastPackages, packageTree, packageTrees } from './kit/package-trees.ts'

let home = ''
let trivy: Installed = { path: undefined, reason: 'not installed' }
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'weir-trivy-'))
  trivy = await installTrivy()
  const folder = join(home, 'cache/java-db')
  await mkdir(folder, { recursive: true })
  const jars = new DatabaseSync(join(folder, 'trivy-java.db'))
  jars.exec('CREATE TABLE artifacts(id INTEGER PRIMARY KEY, group_id TEXT, artifact_id TEXT)')
  jars.exec('CREATE TABLE indices(artifact_id INTEGER, version TEXT, sha1 BLOB, archive_type TEXT)')
  jars.close()
  const dates = { UpdatedAt: '2026-01-01T00:00:00Z', DownloadedAt: '2026-01-01T00:00:00Z' }
  const metadata = { Version: 1, NextUpdate: '2099-01-01T00:00:00Z', ...dates }
  await writeFile(join(folder, 'metadata.json'), JSON.stringify(metadata))
}, 3_600_000)
afterAll(() => rm(home, { recursive: true, force: true }))

const offline = ['--skip-db-update', '--skip-java-db-update', '--skip-version-check', '--scanners', 'license']

async function run(...args: readonly string[]): Promise<string> {
  const ran = await runCommand(trivy.path ?? '', args, {
    limit: 300_000,
    env: { TRIVY_CACHE_DIR: join(home, 'cache') },
  })
  expect([ran.code, ran.stderr]).toEqual([0, ''])
  return ran.stdout
}

describe.each(packageTrees)('a %s tree', (name) => {
  proves('source', {
    system: 'sbom',
    server: 'Trivy',
    version: () => (trivy.path === undefined ? undefined : '0.74.0'),
  })

  test(
    'documents of Trivy in its formats have as many packages as it counts',
    { timeout: 400_000 },
    async (context) => {
      if (trivy.path === undefined) return context.skip(trivy.reason)
      const tree = await packageTree(name, home)
      if (typeof tree !== 'string') return context.skip(tree.missing)
      const file = (format: string): string => join(home, `${name}.${format}`)
      const list = (format: string): Promise<string> =>
        run('rootfs', '-q', ...offline, '--offline-scan', '--list-all-pkgs', '-f', format, '-o', file(format), tree)
      for (const format of ['cyclonedx', 'spdx-json']) await list(format)
      // Its scan of licences, which needs no database, leaves out jars: it reads them from its own CycloneDX.
      if (name === 'maven')
        await run('sbom', '-q', ...offline, '--list-all-pkgs', '-f', 'json', '-o', file('json'), file('cyclonedx'))
      else await list('json')
      const template = '{{ range . }}{{ len .Packages }} {{ end }}'
      const counts = await run('convert', '-q', '-f', 'template', '--template', template, file('json'))
      const count = counts.split(' ').reduce((sum, each) => sum + Number(each), 0)
      expect(count).toBeGreaterThanOrEqual(leastPackages[name] ?? 1)
      const reports: Report[] = []
      for (const format of ['json', 'cyclonedx', 'spdx-json'])
        reports.push(await readReport(await readFile(file(format))))
      expect(reports.map(({ format, listed, tool }) => [format, listed, tool.name])).toEqual([
        ['trivy-json', count, 'trivy'],
        ['cyclonedx-json', count, 'trivy'],
        ['spdx-json', count, 'trivy'],
      ])
      const [distinct, ...others] = reports.map(({ packages }) =>
        packages?.map((one) => `${one.name} ${one.version}`).toSorted(),
      )
      for (const other of others) expect(other?.length).toBe(distinct?.length)
    },
  )
})
