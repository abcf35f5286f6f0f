import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../tools/kit/command.ts'
import { listFiles, TYPESCRIPT } from '../tools/kit/sources.ts'
import { makeTree } from '../tools/kit/tree.ts'
import { bundle, findEntries } from './bundle.ts'
import { externalDependencies, packageOf, readManifest } from './manifest.ts'

test('a file named by a URL beside a module is a separate entry, also with a computed name', async () => {
  const root = await makeTree({
    'src/main.ts': '',
    'src/app/threads.ts': 'new Worker(new URL(`./workers/${name}.ts`, import.meta.url))',
    'src/app/workers/ingest.ts': '',
    'src/app/workers/ingest.test.ts': '',
    'src/app/workers/deep/no.ts': '',
    'src/store/query.ts': "fork(new URL('../child/sql.ts', import.meta.url))",
    'src/child/sql.ts': '',
  })
  expect(await findEntries(root)).toEqual(['app/workers/ingest', 'child/sql', 'main'])
})

test('a URL that names no file is an error of the build, and not of the first start', async () => {
  const root = await makeTree({ 'src/main.ts': "new URL('./gone.ts', import.meta.url)" })
  await expect(findEntries(root)).rejects.toThrow('src/main.ts names src/gone.ts, and there is no such file')
})

test('every thread and process of Weir begins at a URL that the build finds', async () => {
  const hidden: string[] = []
  for (const file of await listFiles(ROOT, 'src', TYPESCRIPT)) {
    if (/\.test\.ts$|\/testing\//.test(file)) continue
    for (const line of (await readFile(join(ROOT, file), 'utf8')).split('\n')) {
      if (
        !line.trim().startsWith('*') &&
        /new Worker\(|\bfork\(['"`n]/.test(line) &&
        !/new URL\([^)]*\.ts['"`], import\.meta\.url\)/.test(line)
      )
        hidden.push(`${file}: ${line.trim()}`)
    }
  }
  expect(hidden).toEqual([])
})

test('the bundle imports nothing but itself, Node and dependencies of the package', async () => {
  const dist = await makeTree({})
  const manifest = await readManifest(ROOT)
  const { imports } = await bundle(ROOT, dist, manifest)
  const packages = new Set(imports.filter((name) => !name.startsWith('node:')).map(packageOf))
  expect(packages).toContain('@duckdb/node-api')
  expect(packages.difference(new Set(Object.keys(externalDependencies(manifest))))).toEqual(new Set())
})
