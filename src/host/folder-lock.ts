/**
 * An exclusive transaction on an empty SQLite file, visible across containers. POSIX locks are lost when a process
 * closes any descriptor of the file, so nothing else may open it.
 */
import { execFile } from 'node:child_process'
import { statSync, truncateSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

const busy = 5
const damaged = new Set([11, 26])
/** Commands that test the lock hold it for less than a millisecond. */
const attempts = 10
const againMs = 30

export type Taken = FolderLock | 'held' | 'not-locking'

export class FolderLock {
  readonly #database: DatabaseSync
  readonly inode: string

  private constructor(database: DatabaseSync, inode: string) {
    this.#database = database
    this.inode = inode
  }

  /** `held`: by another process. `not-locking`: the file system grants the lock twice. */
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

/** Whether some process holds the lock; undefined if this user cannot determine it. */
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
      // In memory, so that no journal file remains.
      database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
      return database
    } catch (error) {
      database.close()
      const code = sqliteCode(error)
      if (code === busy) return undefined
      // SQLite locks before it reads: the lock is free.
      if (attempt > 1 || code === undefined || !damaged.has(code)) throw error
      truncateSync(path)
    }
  }
}

function sqliteCode(error: unknown) {
  // The low byte is the primary code.
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : undefined
}

function inodeOf(path: string) {
  const { dev, ino } = statSync(path, { bigint: true })
  return `${dev}:${ino}`
}

/** Some file systems use another inode, and only Linux has a list. */
async function isInKernel(inode: string): Promise<boolean> {
  const table = await readFile('/proc/locks', 'latin1').catch(() => '')
  const number = inode.slice(inode.indexOf(':') + 1)
  return new RegExp(`POSIX +ADVISORY +WRITE +${process.pid} \\S+:${number} `).test(table)
}

/** Locks of one process never exclude each other, so a child tests it. */
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
