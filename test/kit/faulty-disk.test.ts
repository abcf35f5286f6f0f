import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { realHost } from '../../src/host/index.ts'
import { faultyDisk } from './faulty-disk.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-faulty-'))
})
afterEach(() => rm(folder, { recursive: true }))

it('a full disk accepts the bytes that fit', async () => {
  const disk = faultyDisk(realHost().disk)
  const file = await disk.open(join(folder, 'a'), 'create')
  disk.fullAfter(3)
  await expect(file.writeAll([Uint8Array.of(1, 2), Uint8Array.of(3, 4)], 0)).rejects.toMatchObject({ code: 'ENOSPC' })
  expect(await file.size()).toBe(3)
  disk.roomy()
  await file.write(Uint8Array.of(9), 3)
  expect([...(await disk.readFile(join(folder, 'a')))]).toEqual([1, 2, 3, 9])
  await file.close()
})

it('a call fails on request, and the next one works', async () => {
  const disk = faultyDisk(realHost().disk)
  const file = await disk.open(join(folder, 'a.seg'), 'create')
  disk.failNext('sync', 'EIO', { match: '.seg' })
  await expect(file.sync()).rejects.toMatchObject({ code: 'EIO' })
  await file.sync()
  await file.close()
  disk.readOnly('EACCES')
  await expect(disk.open(join(folder, 'b'), 'create')).rejects.toMatchObject({ code: 'EACCES' })
  expect(await disk.list(folder)).toEqual(['a.seg'])
})
