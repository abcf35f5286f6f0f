/**
 * A lock on a folder that the kernel holds for this process: an exclusive transaction on an empty SQLite file. It ends with the
 * process, however that ends, and holds across containers that share the folder. POSIX locks go when a process closes any descriptor
 * of the file, so nothing else may open it.
 */
import { execFile } from 'node:child_process'
import { statSync, truncateSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

const busy = 5
const damaged = new Set([11, 26])
/** Commands that look whether the lock is held hold it themselves for less than a millisecond. */
const attempts = 10
const againMs = 30

export type Taken = FolderLock | 'held' | 'not-locking'

export class FolderLock {
  readonly #database: DatabaseSync
  /** Number of the locked file; another one in its place is another lock. */
  readonly inode: string

  private constructor(database: DatabaseSync, inode: string) {
    this.#database = database
    this.inode = inode
  }

  /**
   * `held`: by another process. `not-locking`: the file system grants the lock twice. `vfs` is SQLite's way to lock, for tests.
   * Throws when the file cannot be made.
   */
  static async take(path: string, vfs = 'unix'): Promise<Taken> {
    for (let attempt = 1; ; attempt++) {
      const database = tryToLock(path, vfs)
      if (database !== undefined) {
        const lock = new FolderLock(database, inodeOf(path))
        if ((await isInKernel(lock.inode)) || !(await othersMayLock(path))) return lock
        lock.release()
        return 'not-locking'
      }
      if (attempt === attempts) return 'held'
      await new Promise((resolve) => setTimeout(resolve, againMs))
    }
  }

  release(): void {
    if (this.#database.isOpen) this.#database.close()
  }
}

/** Does some process hold the lock? Undefined when this user cannot find out. */
export function isLocked(path: string): boolean | undefined {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return false
  try {
    const database = new DatabaseSync(path, { readOnly: true })
    try {
      database.exec('SELECT 1 FROM sqlite_schema')
      return false
    } finally {
      database.close()
    }
  } catch (error) {
    return sqliteCode(error) === busy ? true : undefined
  }
}

function tryToLock(path: string, vfs: string): DatabaseSync | undefined {
  const url = process.platform === 'win32' ? path : new URL(`${pathToFileURL(path).href}?vfs=${vfs}`)
  for (let attempt = 1; ; attempt++) {
    const database = new DatabaseSync(url)
    try {
      // A journal in memory: no file of it is left behind.
      database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
      return database
    } catch (error) {
      database.close()
      const code = sqliteCode(error)
      if (code === busy) return undefined
      // Who holds it is asked before the file is read: nobody does, and nothing is in it that anyone needs.
      if (attempt > 1 || code === undefined || !damaged.has(code)) throw error
      truncateSync(path)
    }
  }
}

function sqliteCode(error: unknown): number | undefined {
  // The low byte: the rest says more exactly why.
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : undefined
}

function inodeOf(path: string): string {
  const { dev, ino } = statSync(path, { bigint: true })
  return `${dev}:${ino}`
}

/** Does the kernel list the lock? Some file systems are listed under another inode, and other systems than Linux have no list. */
async function isInKernel(inode: string): Promise<boolean> {
  const table = await readFile('/proc/locks', 'latin1').catch(() => '')
  const number = inode.slice(inode.indexOf(':') + 1)
  return new RegExp(`POSIX +ADVISORY +WRITE +${process.pid} \\S+:${number} `).test(table)
}

/** Locks of one process never exclude each other, so another one tries. */
async function othersMayLock(path: string): Promise<boolean> {
  const attempt = `
    const database = new (require('node:sqlite').DatabaseSync)(process.argv[1])
    try { database.exec('BEGIN EXCLUSIVE') } catch { process.exit(0) }
    process.stdout.write('locked')`
  const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', '-e', attempt, path]).catch(() => ({
    stdout: '',
  }))
  return stdout === 'locked'
}
