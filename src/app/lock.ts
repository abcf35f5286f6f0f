/** One writer per folder, across containers: the kernel locks `lock.sqlite`, and `lock` names the process. */
import { FolderClaim, readClaim, type Claim } from '../host/folder-claim.ts'
import { FolderLock, isLocked } from '../host/folder-lock.ts'
import { makeDurableDirectory, type Host } from '../host/index.ts'
import { processIdentity, self, systemReason } from '../host/process.ts'
import { WeirError } from '../model/errors.ts'

export type LockContent = Readonly<{
  pid: number
  url: string
  /** Address of metrics and health. Missing if it is off, and in earlier versions. */
  ops?: string | undefined
  identity?: string
  /** Machine or container name. Missing in earlier versions, which held no lock. */
  host?: string
  inode?: string
}>

export interface Lock {
  readonly claim: Claim
  announce(addresses: Pick<LockContent, 'url' | 'ops'>): void
  release(): void
}

/** A writer checks its lock each second. */
const graceMs = 2500

const lockFile = (data: string) => `${data}/lock.sqlite`

export function readLock(data: string): LockContent | undefined {
  return readClaim(`${data}/lock`) as LockContent | undefined
}

export function readHolder(data: string): LockContent | undefined {
  const named = readLock(data)
  const isHeld = isLocked(lockFile(data))
  if (isHeld === true) return named ?? { pid: 0, url: '' }
  const byProcess = isHeld === undefined || named?.host === undefined
  return named !== undefined && byProcess && isRunning(named) ? named : undefined
}

export function refuseHeld(data: string): void {
  const holder = readHolder(data)
  if (holder !== undefined) throw lockedError(data, holder)
}

/** The first process of every container has the same pid, so the identity decides. */
function isRunning({ pid, identity }: LockContent) {
  if (pid === self.pid) return false
  const current = processIdentity(pid)
  return current !== undefined && (identity === undefined || identity === current)
}

/** Undefined before the first start: the server could not open another user's file. */
export async function tryLock({ disk }: Host, data: string): Promise<boolean | undefined> {
  const path = lockFile(data)
  if ((await disk.stat(path)) === undefined || isLocked(path) !== false) return undefined
  const lock = await FolderLock.take(path)
  if (lock instanceof FolderLock) lock.release()
  return lock !== 'not-locking'
}

export function holderText({ pid, host, url }: LockContent): string {
  if (pid === 0) return 'a process that did not name itself'
  const where = host === undefined ? '' : ` on host ${host}`
  return `process ${pid}${where}, which ${url === '' ? 'is starting' : `answers at ${url}`}`
}

export async function makeDataFolder({ disk }: Host, data: string): Promise<void> {
  try {
    await makeDurableDirectory(disk, data)
  } catch (error) {
    throw new WeirError('WEIR_DATA_UNUSABLE', `The data folder ${data} cannot be created: ${systemReason(error)}.`, {
      cause: error,
    })
  }
  if ((await disk.stat(data))?.directory !== true)
    throw new WeirError('WEIR_DATA_UNUSABLE', `The data folder ${data} is a file.`)
}

/** Locks the folder for writing. Throws WEIR_DATA_LOCKED with the holder, WEIR_DATA_NO_LOCKS or WEIR_DATA_UNUSABLE. */
export async function takeLock({ timers }: Host, data: string): Promise<Lock> {
  const lock = await usable(data, () => FolderLock.take(lockFile(data)))
  if (lock === 'not-locking')
    throw new WeirError(
      'WEIR_DATA_NO_LOCKS',
      `The file system of ${data} does not lock files: two processes could write to the folder at once.`,
    )
  if (lock === 'held') throw lockedError(data, readLock(data) ?? { pid: 0, url: '' })
  try {
    const left = readLock(data)
    if (left !== undefined && left.host === undefined && isRunning(left)) throw lockedError(data, left)
    const claimed = await usable(data, () => FolderClaim.take(`${data}/lock`, content(lock, { url: '' })))
    const mayRun =
      left?.inode !== undefined && left.inode !== lock.inode && (left.host !== self.hostname || isRunning(left))
    if (mayRun) await timers.sleep(graceMs)
    let released = false
    const release = () => {
      if (released) return
      released = true
      claimed.release()
      lock.release()
      forget()
    }
    const forget = self.onExit(release)
    return { claim: claimed.claim, announce: (addresses) => claimed.write(content(lock, addresses)), release }
  } catch (error) {
    lock.release()
    throw error
  }
}

export function dataError(data: string, error: unknown): unknown {
  const isOfDisk =
    error instanceof Error &&
    !(error instanceof WeirError) &&
    /^(?:ENOSPC|EDQUOT|EROFS|EACCES|EPERM|EIO): /.test(error.message)
  return isOfDisk
    ? new WeirError('WEIR_DATA_UNUSABLE', `The data folder ${data} cannot be written: ${systemReason(error)}.`, {
        cause: error,
      })
    : error
}

function lockedError(data: string, holder: LockContent) {
  return new WeirError('WEIR_DATA_LOCKED', `The data folder ${data} belongs to ${holderText(holder)}.`)
}

async function usable<T>(data: string, act: () => T | Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    throw new WeirError('WEIR_DATA_UNUSABLE', `The data folder ${data} cannot be written: ${systemReason(error)}.`, {
      cause: error,
    })
  }
}

function content({ inode }: FolderLock, addresses: Pick<LockContent, 'url' | 'ops'>): LockContent {
  const identity = processIdentity(self.pid)
  return { pid: self.pid, ...addresses, host: self.hostname, inode, ...(identity === undefined ? {} : { identity }) }
}
