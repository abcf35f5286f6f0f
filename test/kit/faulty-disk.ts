import type { Disk, DiskFile } from '../../src/host/index.ts'
import type { FaultOptions, Operation } from './faults.ts'
import { diskError, Faults } from './faults.ts'

export interface FaultyDisk extends Disk {
  /** The next matching calls fail with this code or error, without effect. */
  failNext(operation: Operation, error: Error | string, options?: FaultOptions): void
  /** Matching calls wait until the returned function is called. */
  slow(operation: Operation, match?: string | RegExp): () => void
  /** Writes stop with ENOSPC after `bytes` more bytes. Removing files frees no space. */
  fullAfter(bytes: number): void
  roomy(): void
  /** Every change fails. */
  readOnly(code: 'EROFS' | 'EACCES' | false): void
}

/** A real disk with requested failures. */
export function faultyDisk(disk: Disk): FaultyDisk {
  const faults = new Faults()
  let room = Number.POSITIVE_INFINITY
  let refusal: string | undefined

  const call = async <T>(operation: Operation, path: string, act: () => Promise<T>, changes = false): Promise<T> => {
    await faults.waiting(operation, path)
    if (changes && refusal !== undefined) throw diskError(refusal, operation, path)
    const fault = faults.take(operation, path)
    if (fault !== undefined) throw fault
    return act()
  }

  const wrap = (file: DiskFile): DiskFile => {
    const { path } = file
    const write = async (bytes: Uint8Array, position: number): Promise<void> => {
      const fits = Math.min(bytes.length, room)
      room -= fits
      await file.write(bytes.subarray(0, fits), position)
      if (fits < bytes.length) throw diskError('ENOSPC', 'write', path)
    }
    return {
      path,
      write: (bytes, position) => call('write', path, () => write(bytes, position), true),
      writeAll: (pieces, position) =>
        call(
          'write',
          path,
          () =>
            room === Number.POSITIVE_INFINITY
              ? file.writeAll(pieces, position)
              : write(Buffer.concat(pieces), position),
          true,
        ),
      read: (into, position) => call('read', path, () => file.read(into, position)),
      sync: () => call('sync', path, () => file.sync()),
      truncate: (size) => call('truncate', path, () => file.truncate(size), true),
      size: () => call('stat', path, () => file.size()),
      close: () => file.close(),
    }
  }

  return {
    open: (path, mode) => call('open', path, async () => wrap(await disk.open(path, mode)), mode !== 'read'),
    list: (path) => call('list', path, () => disk.list(path)),
    stat: (path) => call('stat', path, () => disk.stat(path)),
    rename: (from, to) => call('rename', from, () => disk.rename(from, to), true),
    remove: (path) => call('remove', path, () => disk.remove(path), true),
    makeDirectory: (path, mode) => call('makeDirectory', path, () => disk.makeDirectory(path, mode), true),
    syncDirectory: (path) => call('syncDirectory', path, () => disk.syncDirectory(path)),
    readFile: (path) => call('read', path, () => disk.readFile(path)),
    free: (path) => call('free', path, async () => Math.min(room, await disk.free(path))),
    capacity: (path) => disk.capacity(path),
    freeFiles: (path) => disk.freeFiles(path),
    volume: (path) => disk.volume(path),
    failNext: (operation, error, options) => faults.failNext(operation, error, options),
    slow: (operation, match) => faults.hold(operation, match),
    fullAfter: (bytes) => {
      room = bytes
    },
    roomy: () => {
      room = Number.POSITIVE_INFINITY
    },
    readOnly: (code) => {
      refusal = code === false ? undefined : code
    },
  }
}
