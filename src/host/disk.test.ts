import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { realDisk } from './disk.ts'

test('folders that are made at the same time exist, with those above them', async () => {
  const root = await mkdtemp(join(tmpdir(), 'weir-disk-'))
  onTestFinished(() => rm(root, { recursive: true }))
  const names = Array.from({ length: 50 }, (_, index) => `x${index}`)
  await Promise.all(names.map((name) => realDisk.makeDirectory(join(root, 'a/b/c', name))))
  expect((await readdir(join(root, 'a/b/c'))).toSorted()).toEqual(names.toSorted())
})

test.skipIf(process.platform !== 'linux')('a folder that refuses new names is an error', async () => {
  await expect(realDisk.makeDirectory('/proc/weir/below')).rejects.toThrow(/ENOENT/)
})
