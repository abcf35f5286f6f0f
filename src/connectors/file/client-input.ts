import { createHash } from 'node:crypto'
import { Socket } from 'node:net'
import type { DiskFile, Host } from '../../host/index.ts'

export const headBytes = 1024

export type Head = Readonly<{
  bytes: number
  hash: string
}>

export async function headOf(file: DiskFile, bytes = headBytes): Promise<Head> {
  const block = new Uint8Array(bytes)
  const read = await file.read(block, 0)
  return { bytes: read, hash: createHash('sha256').update(block.subarray(0, read)).digest('base64url') }
}

export async function isSame(file: DiskFile, head: Head, size: number): Promise<boolean> {
  if ((await file.size()) < size) return false
  return (await headOf(file, head.bytes)).hash === head.hash
}

interface StandardInput {
  next(signal: AbortSignal): Promise<Uint8Array | undefined>
}

let shared: StandardInput | undefined

/** One for the thread: a closed standard input cannot be opened again. */
export function standardInput(disk: Host['disk']): StandardInput {
  return (shared ??= open(disk))
}

function open(disk: Host['disk']): StandardInput {
  try {
    return new PipeInput(new Socket({ fd: 0, readable: true, writable: false }))
  } catch {
    return new FileInput(disk)
  }
}

/** A pipe, of which nothing is read while nothing is awaited. */
class PipeInput implements StandardInput {
  readonly #socket: Socket
  readonly #waiting: Uint8Array[] = []
  #wake: (() => void) | undefined
  #ended = false

  constructor(socket: Socket) {
    this.#socket = socket
    const end = () => {
      this.#ended = true
      this.#wake?.()
    }
    socket
      .on('data', (chunk: Uint8Array) => {
        this.#waiting.push(chunk)
        socket.pause()
        this.#wake?.()
      })
      .on('end', end)
      .on('error', end)
      .pause()
    // A stop does not wait for the end of the pipe.
    socket.unref()
  }

  async next(signal: AbortSignal): Promise<Uint8Array | undefined> {
    while (this.#waiting.length === 0 && !this.#ended && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      const stop = () => resolve()
      signal.addEventListener('abort', stop, { once: true })
      this.#socket.resume()
      await promise
      signal.removeEventListener('abort', stop)
      this.#wake = undefined
    }
    if (signal.aborted) this.#socket.pause()
    return signal.aborted ? undefined : this.#waiting.shift()
  }
}

class FileInput implements StandardInput {
  readonly #disk: Host['disk']
  #position = 0

  constructor(disk: Host['disk']) {
    this.#disk = disk
  }

  async next(signal: AbortSignal): Promise<Uint8Array | undefined> {
    if (signal.aborted) return undefined
    const file = await this.#disk.open('/dev/stdin', 'read')
    try {
      const chunk = new Uint8Array(256 * 1024)
      const read = await file.read(chunk, this.#position)
      this.#position += read
      return read === 0 ? undefined : chunk.subarray(0, read)
    } finally {
      await file.close()
    }
  }
}
