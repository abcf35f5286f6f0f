import type { Disk, DiskFile, FileStat, OpenMode } from '../index.ts'
import type { FaultOptions, Operation } from './faults.ts'
import { diskError, Faults } from './faults.ts'
import { ForgetfulFile } from './file.ts'
import type { Node } from './folder.ts'
import { Entries, ForgetfulFolder, namesOf } from './folder.ts'
import { SeededRandom } from './random.ts'

const endless = 2 ** 40

export interface ForgetfulOptions {
  /** Unix ms, for the times of files. */
  readonly now?: () => number
  /** Calls take a random number of turns, so that concurrent ones end in any order. Default true. */
  readonly jitter?: boolean
}

/**
 * A disk in memory that keeps only the promises of {@link Disk}: `crash()` loses unsynced data, sector by sector and
 * name by name. It is deterministic for a seed and a sequence of calls.
 */
export class ForgetfulDisk implements Disk {
  readonly random: SeededRandom
  readonly faults = new Faults()
  /** Number of calls so far; tests crash at any of them. */
  calls = 0
  inFlight = 0
  #entries = new Entries()
  readonly #now: () => number
  readonly #jitter: boolean
  #life = 0
  #down = false
  #dieAt = Number.POSITIVE_INFINITY
  #readOnly: string | undefined
  #capacity = endless

  constructor(seed: number | SeededRandom, options: ForgetfulOptions = {}) {
    this.random = typeof seed === 'number' ? new SeededRandom(seed) : seed
    this.#now = options.now ?? (() => 0)
    this.#jitter = options.jitter ?? true
  }

  /** Power loss and restart: unsynced data is lost, and handles and calls of the old life fail. */
  crash(): void {
    this.kill()
    this.#entries.crash(this.random)
  }

  /** The process ends and the machine continues: nothing is lost or synced. */
  kill(): void {
    this.#life++
    this.#down = false
    this.#dieAt = Number.POSITIVE_INFINITY
    this.faults.clear()
  }

  /** Power loss: every call fails until `crash()` returns the surviving state. */
  powerOff(): void {
    this.#down = true
  }

  /** Power loss during the call after `calls` others. */
  powerOffAfter(calls: number): void {
    this.#dieAt = this.calls + calls
  }

  get isDown(): boolean {
    return this.#down
  }

  /** Crashes or is killed, and returns a successor with the same data; this disk fails from then on. */
  succeed(by: 'crash' | 'kill'): ForgetfulDisk {
    const next = new ForgetfulDisk(this.random, { now: this.#now, jitter: this.#jitter })
    this[by]()
    next.#entries = this.#entries
    next.#capacity = this.#capacity
    next.#readOnly = this.#readOnly
    this.#entries = new Entries()
    this.#down = true
    return next
  }

  /** The next matching calls fail with this code (`EIO`) or error; a failing write may have written a part. */
  failNext(operation: Operation, error: Error | string, options?: FaultOptions): void {
    this.faults.failNext(operation, error, options)
  }

  /** Matching calls wait until the returned function is called. */
  slow(operation: Operation, match?: string | RegExp): () => void {
    return this.faults.hold(operation, match)
  }

  /** Writes stop with ENOSPC after `bytes` more bytes. */
  fullAfter(bytes: number): void {
    this.#capacity = this.#entries.used() + bytes
  }

  /** Ends the limit of `fullAfter`. */
  roomy(): void {
    this.#capacity = endless
  }

  /** The volume holds `bytes` in all; if more are used, writes stop with ENOSPC. */
  resize(bytes: number): void {
    this.#capacity = bytes
  }

  /** Bytes of all files. */
  get used(): number {
    return this.#entries.used()
  }

  /** Every change fails; `false` ends it. */
  readOnly(code: 'EROFS' | 'EACCES' | false = 'EROFS'): void {
    this.#readOnly = code === false ? undefined : code
  }

  flipBit(path: string, bit: number): void {
    this.edit(path, (bytes) => {
      const at = bit >> 3
      if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit & 7))
      return bytes
    })
  }

  tear(path: string, size: number): void {
    this.edit(path, (bytes) => bytes.slice(0, size))
  }

  edit(path: string, act: (bytes: Uint8Array) => Uint8Array): void {
    const file = this.#entries.file(path, 'edit')
    file.edit(act)
  }

  /** Adds a file; the folder must exist. */
  put(path: string, bytes: Uint8Array): void {
    const file = new ForgetfulFile()
    file.edit(() => bytes.slice())
    file.modified = this.#now()
    const { folder, name } = this.#entries.parent(path, 'put')
    folder.live.set(name, file)
    folder.durable.set(name, file)
  }

  /** Removes a file. */
  take(path: string): void {
    const { folder, name } = this.#entries.parent(path, 'take')
    folder.live.delete(name)
    folder.durable.delete(name)
  }

  contents(path: string): Uint8Array {
    return this.#entries.file(path, 'contents').contents()
  }

  isFolder(path: string): boolean {
    return this.#entries.node(path)?.kind === 'folder'
  }

  names(path: string): string[] {
    const node = this.#entries.node(path)
    return node?.kind === 'folder' ? [...node.live.keys()].sort() : []
  }

  open(path: string, mode: OpenMode): Promise<DiskFile> {
    return this.#call('open', path, () => {
      let node = this.#entries.node(path)
      if (mode === 'create' && node !== undefined) throw diskError('EEXIST', 'open', path)
      if (node?.kind === 'folder') throw diskError('EISDIR', 'open', path)
      if (mode !== 'read') this.#mustBeWritable('open', path)
      if (node === undefined) {
        if (mode === 'read') throw diskError('ENOENT', 'open', path)
        const { folder, name } = this.#entries.parent(path, 'open')
        if (this.#room() === 0) throw diskError('ENOSPC', 'open', path)
        node = new ForgetfulFile()
        node.modified = this.#now()
        this.#entries.change({ folder, name, node })
      }
      return this.#handle(path, node, mode)
    })
  }

  list(path: string): Promise<string[]> {
    return this.#call('list', path, () => {
      const node = this.#entries.node(path)
      if (node?.kind === 'file') throw diskError('ENOTDIR', 'list', path)
      return this.names(path)
    })
  }

  stat(path: string): Promise<FileStat | undefined> {
    return this.#call('stat', path, () => {
      const node = this.#entries.node(path)
      if (node === undefined) return undefined
      if (node.kind === 'folder') return { size: 0, modified: 0, changed: 0, directory: true }
      return { size: node.size, modified: node.modified, changed: node.modified, directory: false }
    })
  }

  rename(from: string, to: string): Promise<void> {
    return this.#call('rename', from, () => {
      this.#mustBeWritable('rename', from)
      const source = this.#entries.parent(from, 'rename')
      const target = this.#entries.parent(to, 'rename')
      const node = source.folder.live.get(source.name)
      if (node === undefined) throw diskError('ENOENT', 'rename', from)
      if (target.folder.live.get(target.name)?.kind === 'folder') throw diskError('EISDIR', 'rename', to)
      this.#entries.change({ ...source, node: undefined }, { ...target, node })
    })
  }

  remove(path: string): Promise<void> {
    return this.#call('remove', path, () => {
      this.#mustBeWritable('remove', path)
      const node = this.#entries.node(path)
      if (node === undefined) return
      if (node.kind === 'folder') throw diskError('EISDIR', 'remove', path)
      this.#entries.change({ ...this.#entries.parent(path, 'remove'), node: undefined })
    })
  }

  makeDirectory(path: string): Promise<void> {
    return this.#call('makeDirectory', path, () => {
      let folder = this.#entries.root
      for (const name of namesOf(path)) {
        const node: Node = folder.live.get(name) ?? new ForgetfulFolder()
        if (node.kind === 'file') throw diskError('ENOTDIR', 'makeDirectory', path)
        if (!folder.live.has(name)) {
          this.#mustBeWritable('makeDirectory', path)
          this.#entries.change({ folder, name, node })
        }
        folder = node
      }
    })
  }

  syncDirectory(path: string): Promise<void> {
    const syncSome = (): void => this.#entries.syncSome(this.random)
    return this.#call(
      'syncDirectory',
      path,
      () => {
        this.#entries.sync(this.#entries.folder(path, 'syncDirectory'))
      },
      { failed: syncSome },
    )
  }

  readFile(path: string): Promise<Uint8Array> {
    return this.#call('read', path, () => this.#entries.file(path, 'read').contents())
  }

  free(path: string): Promise<number> {
    return this.#call('free', path, () => this.#room())
  }

  freeFiles(): Promise<undefined> {
    return Promise.resolve(undefined)
  }

  volume(): Promise<number> {
    return Promise.resolve(1)
  }

  capacity(): Promise<number> {
    return Promise.resolve(this.#capacity)
  }

  #handle(path: string, file: ForgetfulFile, mode: OpenMode): DiskFile {
    const life = this.#life
    let isClosed = false
    const call = <T>(operation: Operation, act: () => T, around: Around = {}): Promise<T> =>
      this.#call(
        operation,
        path,
        () => {
          if (isClosed || life !== this.#life) throw diskError('EBADF', operation, path)
          if ((operation === 'write' || operation === 'truncate') && mode === 'read')
            throw diskError('EBADF', operation, path)
          return act()
        },
        around,
      )
    const write = (bytes: Uint8Array, position: number): Promise<void> => {
      const writeSome = (): void => file.write(bytes.subarray(0, this.random.integer(0, bytes.length)), position)
      // As in a kernel, a buffer that its owner changes too early may be written with the change.
      const earlyBytes = this.random.chance(0.5) ? bytes.slice() : undefined
      return call('write', () => this.#write(path, file, earlyBytes ?? bytes, position), { failed: writeSome })
    }
    return {
      path,
      write,
      writeAll: (pieces, position) => write(Buffer.concat(pieces), position),
      read: (into, position) => call('read', () => file.read(into, position)),
      sync: () => {
        // Only earlier writes are guaranteed; a sync may cover more.
        const before = file.unsynced
        const life = this.#life
        const failPartly = (): void => {
          if (life === this.#life) file.failSync(this.random)
        }
        const interrupted = (): void => file.sync(this.random.integer(0, file.unsynced))
        return call('sync', () => file.sync(this.random.chance(0.5) ? before : file.unsynced), {
          failed: failPartly,
          interrupted,
        })
      },
      truncate: (size) =>
        call('truncate', () => {
          this.#mustBeWritable('truncate', path)
          file.truncate(size)
          file.modified = this.#now()
        }),
      size: () => call('stat', () => file.size),
      close: async () => {
        isClosed = true
        await this.#wait('close', path)
      },
    }
  }

  #write(path: string, file: ForgetfulFile, bytes: Uint8Array, position: number): void {
    this.#mustBeWritable('write', path)
    const fittingBytes = file.allocated + this.#room() - position
    file.write(bytes.subarray(0, Math.max(0, fittingBytes)), position)
    file.modified = this.#now()
    if (fittingBytes < bytes.length) throw diskError('ENOSPC', 'write', path)
  }

  async #call<T>(operation: Operation, path: string, act: () => T, around: Around = {}): Promise<T> {
    const life = this.#life
    this.inFlight++
    try {
      this.#count(path, operation, around)
      await this.#wait(operation, path)
      if (life !== this.#life) throw diskError('ECRASHED', operation, path)
      if (this.#down) this.#interrupt(path, operation, around)
      const fault = this.faults.take(operation, path)
      if (fault !== undefined) {
        around.failed?.()
        throw fault
      }
      return act()
    } finally {
      this.inFlight--
    }
  }

  #count(path: string, operation: Operation, around: Around): void {
    if (this.#down) throw diskError('ECRASHED', operation, path)
    if (this.calls++ < this.#dieAt) return
    this.#down = true
    this.#interrupt(path, operation, around)
  }

  /** A call that power loss interrupts may have done a part of its work. */
  #interrupt(path: string, operation: Operation, around: Around): never {
    if (this.random.chance(0.5)) (around.interrupted ?? around.failed)?.()
    throw diskError('ECRASHED', operation, path)
  }

  async #wait(operation: Operation | 'close', path: string): Promise<void> {
    const pending = operation === 'close' ? undefined : this.faults.waiting(operation, path)
    if (pending !== undefined) await pending
    if (!this.#jitter) return
    const turns = this.random.integer(0, 3)
    for (let i = 0; i < turns; i++) await Promise.resolve()
    if (turns === 3 && this.random.chance(0.1)) await new Promise((resolve) => setImmediate(resolve))
  }

  #mustBeWritable(operation: string, path: string): void {
    if (this.#readOnly !== undefined) throw diskError(this.#readOnly, operation, path)
  }

  #room(): number {
    return this.#capacity === endless ? endless : Math.max(0, this.#capacity - this.#entries.used())
  }
}

interface Around {
  /** Possible partial effect of a failed call. */
  readonly failed?: () => void
  /** Possible partial effect of an interrupted call, if different. */
  readonly interrupted?: () => void
}
