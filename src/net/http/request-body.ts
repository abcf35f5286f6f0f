import type { IncomingMessage } from 'node:http'
import { createGunzip } from 'node:zlib'
import type { MemoryLease } from '../../host/index.ts'
import { messageOf } from '../../model/errors.ts'
import { GrowingBody } from '../../model/growing-body.ts'
import { PushRefused, tooLarge } from './push-refused.ts'

type BodyOptions = Readonly<{
  isZipped: boolean
  maxBytes: number
  /** Grows with the bytes that arrive, not with the announced ones. */
  lease: MemoryLease
}>

/** The decompressed body, in a buffer of its own: `releaseBuffer` frees it at once. */
export function readRequestBody(request: IncomingMessage, options: BodyOptions): Promise<Buffer> {
  const { isZipped, maxBytes } = options
  return new Promise((resolve, reject) => {
    const announced = isZipped ? maxBytes : Number(request.headers['content-length'] ?? maxBytes)
    const body = new GrowingBody(Math.min(announced, maxBytes), (bytes) => options.lease.grow(bytes))
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
        if (!body.isOpen) return
        if (body.size + piece.length > maxBytes) throw tooLarge(maxBytes)
        body.add(piece)
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
