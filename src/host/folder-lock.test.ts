import { mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Fence } from './fence.ts'
import { claimState, FolderClaim, readClaim } from './folder-claim.ts'
import { FolderLock, isLocked, type Taken } from './folder-lock.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-lock-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

function taken(lock: Taken): FolderLock {
  if (typeof lock === 'string') throw new Error(lock)
  return lock
}

describe('a lock on a folder', () => {
  test('is granted once, visible to others, and leaves one empty file', async () => {
    const path = join(folder, 'lock.sqlite')
    expect(isLocked(path)).toBe(false)
    const lock = taken(await FolderLock.take(path))
    expect(await FolderLock.take(path)).toBe('held')
    expect(isLocked(path)).toBe(true)
    lock.release()
    expect(isLocked(path)).toBe(false)
    taken(await FolderLock.take(path)).release()
    expect(await readdir(folder)).toEqual(['lock.sqlite'])
    expect((await stat(path)).size).toBe(0)
  })

  test('is refused if the file system grants it to every process', async () => {
    expect(await FolderLock.take(join(folder, 'lock.sqlite'), 'unix-none')).toBe('not-locking')
  })

  test('is granted on a file with other content', async () => {
    const path = join(folder, 'lock.sqlite')
    await writeFile(path, 'x'.repeat(5000))
    taken(await FolderLock.take(path)).release()
    expect((await stat(path)).size).toBe(0)
  })

  test('is not created if the folder is not writable', async () => {
    await expect(FolderLock.take(join(folder, 'missing/lock.sqlite'))).rejects.toThrow(/unable to open/)
  })
})

describe('a claim on a folder', () => {
  test('is current until another one replaces it, which breaks its fence permanently', async () => {
    const path = join(folder, 'lock')
    const first = FolderClaim.take(path, { pid: 1 })
    const fence = new Fence(first.claim)
    first.write({ pid: 1, url: 'http://127.0.0.1:8080' })
    await fence.check()
    expect(readClaim(path)).toEqual({ pid: 1, url: 'http://127.0.0.1:8080' })
    const second = FolderClaim.take(path, { pid: 2 })
    await expect(fence.check()).rejects.toMatchObject({ code: 'WEIR_DATA_FENCED' })
    expect(await fence.broken).toMatchObject({ code: 'WEIR_DATA_FENCED' })
    first.release()
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ pid: 2 })
    second.release()
    await expect(fence.check()).rejects.toMatchObject({ code: 'WEIR_DATA_FENCED' })
    expect(claimState(second.claim)).toBe('none')
    expect(await readdir(folder)).toEqual([])
  })

  test('is invalid after its removal, even if it returns, and no other process is blamed', async () => {
    const path = join(folder, 'lock')
    const { claim } = FolderClaim.take(path, { pid: 1 })
    const fence = new Fence(claim)
    await rename(path, `${path}.away`)
    await expect(fence.check()).rejects.toMatchObject({ code: 'WEIR_DATA_GONE' })
    await rename(`${path}.away`, path)
    await expect(fence.check()).rejects.toMatchObject({ code: 'WEIR_DATA_GONE' })
  })
})
