import type { IncomingMessage } from 'node:http'
import { createGunzip } from 'node:zlib'
import type { MemoryLease } from '../../host/index.ts'
import { messageOf } from '../../model/errors.ts'
import { releaseBuffer } from '../../model/release-buffer.ts'
import { PushRefused, tooLarge } from './push-refused.ts'

type BodyOptions = Readonly<{
  isZipped: boolean
  maxBytes: number
  /** Grows with the bytes that arrive, not with the announced ones. */
  lease: MemoryLease
}>

const firstBytes = 16 * 1024

/** The decompressed body, in a buffer of its own: `releaseBuffer` frees it at once. */
export function readRequestBody(request: IncomingMessage, options: BodyOptions): Promise<Buffer> {
  const { isZipped, maxBytes } = options
  return new Promise((resolve, reject) => {
    const announced = isZipped ? maxBytes : Number(request.headers['content-length'] ?? maxBytes)
    const body = new Body(announced, options)
    const plain = isZipped ? request.pipe(createGunzip()) : request
    const refuse = (error: unknown) => {
      reject(error instanceof Error ? error : new Error(messageOf(error)))
      body.close()
      if (isZipped) {
        request.unpipe()
        plain.destroy()
      }
      request.resume()
    }
    plain.on('data', (piece: Buffer) => {
      try {
        if (body.isOpen) body.add(piece)
      } catch (error) {
        refuse(error)
      }
    })
    plain.once('end', () => {
      if (body.isOpen) resolve(body.take())
    })
    plain.once('error', (error) =>
      refuse(
        new PushRefused(400, 'unreadable', isZipped ? `The body is not valid gzip: ${error.message}` : error.message),
      ),
    )
    request.once('close', () => {
      if (!request.complete) refuse(new PushRefused(400, 'unreadable', 'The request ended too early.'))
    })
  })
}

class Body {
  isOpen = true
  #bytes = new Uint8Array(0)
  #size = 0
  readonly #announced: number
  readonly #options: BodyOptions

  constructor(announced: number, options: BodyOptions) {
    this.#announced = announced
    this.#options = options
  }

  add(piece: Buffer): void {
    const size = this.#size + piece.length
    if (size > this.#options.maxBytes) throw tooLarge(this.#options.maxBytes)
    if (size > this.#bytes.length) this.#grow(size)
    this.#bytes.set(piece, this.#size)
    this.#size = size
  }

  take(): Buffer {
    this.isOpen = false
    return Buffer.from(this.#bytes.buffer, 0, this.#size)
  }

  close(): void {
    if (!this.isOpen) return
    this.isOpen = false
    releaseBuffer(this.#bytes)
  }

  #grow(least: number) {
    const { lease, maxBytes } = this.#options
    const before = this.#bytes
    const most = Math.max(least, Math.min(this.#announced, maxBytes))
    const length = Math.max(least, Math.min(most, Math.max(firstBytes, 2 * before.length)))
    lease.grow(length)
    this.#bytes = new Uint8Array(length)
    this.#bytes.set(before)
    releaseBuffer(before)
    lease.grow(-before.length)
  }
}
