import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { consoleSize, consoleSizes } from './console-size.ts'

async function built(entryBytes: number, lazyBytes: number): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'weir-size-'))
  onTestFinished(() => rm(root, { recursive: true }))
  const dist = join(root, 'console/dist')
  await mkdir(dist, { recursive: true })
  const files = { 'entry.js': entryBytes, 'shared.js': 1000, 'flows.js': 2000, 'other.js': lazyBytes, 'all.css': 3000 }
  // Random bytes do not compress.
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(dist, name), randomBytes(bytes))
  await writeFile(
    join(dist, 'manifest.json'),
    JSON.stringify({
      'index.html': {
        file: 'entry.js',
        isEntry: true,
        imports: ['_shared.js'],
        dynamicImports: ['src/pages/flows/index.tsx', 'src/pages/other/index.tsx'],
        css: ['all.css'],
      },
      '_shared.js': { file: 'shared.js' },
      'src/pages/flows/index.tsx': { file: 'flows.js', isDynamicEntry: true, imports: ['_shared.js', 'index.html'] },
      'src/pages/other/index.tsx': { file: 'other.js', isDynamicEntry: true, imports: ['_shared.js'] },
    }),
  )
  return root
}

test('the first route counts its own chunks and each shared one once; a lazy route counts its additions', async () => {
  const sizes = await consoleSizes(await built(10_000, 5000))
  expect(sizes?.first).toBeGreaterThan(13_000)
  expect(sizes?.first).toBeLessThan(13_200)
  expect(sizes?.lazy.get('src/pages/other/index.tsx')).toBeLessThan(5100)
})

test('a part beyond its budget is named, and a console that is not built is no small one', async () => {
  expect(await consoleSize(await built(10_000, 5000))).toEqual([])
  expect((await consoleSize(await built(210_000, 5000))).map(({ message }) => message)).toEqual([
    expect.stringContaining('the first route: 208'),
  ])
  expect((await consoleSize(await built(10_000, 130_000))).map(({ message }) => message)).toEqual([
    expect.stringContaining('src/pages/other/index.tsx'),
  ])
  expect((await consoleSize(tmpdir())).map(({ message }) => message)).toEqual([expect.stringContaining('not built')])
})
