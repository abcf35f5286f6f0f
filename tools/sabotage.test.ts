import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from './kit/command.ts'
import type { Breakage } from './kit/sabotage.ts'

test('each of the 20 breakages applies: its text occurs once, and the file of its test exists', async () => {
  const breakages = JSON.parse(await readFile(join(ROOT, 'tools/sabotage.json'), 'utf8')) as Breakage[]
  const stale: string[] = []
  for (const { name, file, find, test: path } of breakages) {
    const source = await readFile(join(ROOT, file), 'utf8')
    if (source.split(find).length !== 2 || !existsSync(join(ROOT, path.split(' > ')[0] ?? ''))) stale.push(name)
  }
  expect(stale).toEqual([])
  expect(breakages).toHaveLength(20)
})
