import { constants, writeSync, writevSync } from 'node:fs'
import * as fs from 'node:fs/promises'
import { dirname } from 'node:path'

export type FileStat = Readonly<{
  size: number
  modified: number
  /** Unix ms of the last change of content, name or attributes. Programs cannot set it. */
  changed: number
  directory: boolean
}>

/** `read`: must exist. `create`: must not exist. `write`: created if missing, never truncated. */
export type OpenMode = 'read' | 'create' | 'write'

/**
 * Content is durable only after `sync`, a name only after `syncDirectory`. The test disk discards everything else on a
 * crash.
 */
export interface Disk {
  open(path: string, mode: OpenMode): Promise<DiskFile>
  list(path: string): Promise<string[]>
  stat(path: string): Promise<FileStat | undefined>
  rename(from: string, to: string): Promise<void>
  remove(path: string): Promise<void>
  makeDirectory(path: string, mode?: number): Promise<void>
  syncDirectory(path: string): Promise<void>
  readFile(path: string): Promise<Uint8Array>
  free(path: string): Promise<number>
  capacity(path: string): Promise<number>
  /** Files that the volume can still hold; undefined if it has no fixed number. */
  freeFiles(path: string): Promise<number | undefined>
  /** Number of the file system; undefined if nothing has this name. */
  volume(path: string): Promise<number | undefined>
}

export interface DiskFile {
  readonly path: string
  write(bytes: Uint8Array, position: number): Promise<void>
  writeAll(pieces: readonly Uint8Array[], position: number): Promise<void>
  /** Fills `into` up to the end of the file; returns the bytes read. */
  read(into: Uint8Array, position: number): Promise<number>
  /** fdatasync. After an error the content is unknown: abandon the file. */
  sync(): Promise<void>
  truncate(size: number): Promise<void>
  size(): Promise<number>
  close(): Promise<void>
}

const flags: Record<OpenMode, number> = {
  read: constants.O_RDONLY,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
  write: constants.O_RDWR | constants.O_CREAT,
}

/** Such writes to the page cache need less time than waking a thread of the pool. */
const directBytes = 16 * 1024

class RealFile implements DiskFile {
  readonly path: string
  readonly #handle: fs.FileHandle

  constructor(path: string, handle: fs.FileHandle) {
    this.path = path
    this.#handle = handle
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    let done = bytes.length <= directBytes ? writeSync(this.#handle.fd, bytes, 0, bytes.length, position) : 0
    while (done < bytes.length) {
      const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, position + done)
      done += bytesWritten
    }
  }

  async writeAll(pieces: readonly Uint8Array[], position: number): Promise<void> {
    const total = pieces.reduce((sum, piece) => sum + piece.length, 0)
    const bytesWritten =
      total <= directBytes
        ? writevSync(this.#handle.fd, pieces as Uint8Array[], position)
        : (await this.#handle.writev(pieces as Uint8Array[], position)).bytesWritten
    if (bytesWritten === total) return
    // Short vectored writes are rare; single writes give an exact error.
    const rest = Buffer.concat(pieces as Uint8Array[]).subarray(bytesWritten)
    await this.write(rest, position + bytesWritten)
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    let done = 0
    while (done < into.length) {
      const { bytesRead } = await this.#handle.read(into, done, into.length - done, position + done)
      if (bytesRead === 0) break
      done += bytesRead
    }
    return done
  }

  sync(): Promise<void> {
    return this.#handle.datasync()
  }

  truncate(size: number): Promise<void> {
    return this.#handle.truncate(size)
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

function missing(error: unknown) {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

/** Node's recursive mkdir never returns if a folder refuses new names with ENOENT, as /proc does. */
async function makeFolders(path: string, mode?: number) {
  const first = await makeFolder(path, mode)
  if (first === undefined) return
  const above = dirname(path)
  if (!missing(first) || above === path) throw first
  // Not if a concurrent call made it since.
  if (!(await exists(above))) await makeFolders(above, mode)
  const second = await makeFolder(path, mode)
  if (second !== undefined) throw second
}

/** The error, unless there is a folder now. */
async function makeFolder(path: string, mode?: number): Promise<Error | undefined> {
  try {
    await fs.mkdir(path, mode)
  } catch (error) {
    const isThere = await fs.stat(path).then(
      (entry) => entry.isDirectory(),
      () => false,
    )
    if (!isThere) return error as Error
  }
  return undefined
}

function exists(path: string): Promise<boolean> {
  return fs.stat(path).then(
    () => true,
    () => false,
  )
}

export const realDisk: Disk = {
  async open(path, mode) {
    return new RealFile(path, await fs.open(path, flags[mode], 0o600))
  },
  async list(path) {
    try {
      return (await fs.readdir(path)).sort()
    } catch (error) {
      if (missing(error)) return []
      throw error
    }
  },
  async stat(path) {
    try {
      const entry = await fs.stat(path)
      return { size: entry.size, modified: entry.mtimeMs, changed: entry.ctimeMs, directory: entry.isDirectory() }
    } catch (error) {
      if (missing(error)) return undefined
      throw error
    }
  },
  rename: (from, to) => fs.rename(from, to),
  async remove(path) {
    try {
      await fs.unlink(path)
    } catch (error) {
      if (!missing(error)) throw error
    }
  },
  makeDirectory: makeFolders,
  async syncDirectory(path) {
    const handle = await fs.open(path, constants.O_RDONLY)
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  },
  readFile: (path) => fs.readFile(path),
  async free(path) {
    const fileSystem = await fs.statfs(path)
    return fileSystem.bavail * fileSystem.bsize
  },
  async capacity(path) {
    const fileSystem = await fs.statfs(path)
    return fileSystem.blocks * fileSystem.bsize
  },
  async freeFiles(path) {
    const fileSystem = await fs.statfs(path)
    return fileSystem.files === 0 ? undefined : fileSystem.ffree
  },
  volume: (path) =>
    fs.stat(path).then(
      ({ dev }) => dev,
      (error: unknown) => {
        if (missing(error)) return undefined
        throw error
      },
    ),
}
