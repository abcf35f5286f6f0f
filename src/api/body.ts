import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import * as zlib from 'node:zlib'
import type { Timers } from '../host/index.ts'
import { ApiError } from './problems.ts'
import { messageOf } from '../model/errors.ts'

const decoders: Readonly<Record<string, (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>>> = {
  gzip: promisify(zlib.gunzip),
  'x-gzip': promisify(zlib.gunzip),
  deflate: promisify(zlib.inflate),
  br: promisify(zlib.brotliDecompress),
  zstd: promisify(zlib.zstdDecompress),
}

export const encodings = ['gzip', 'deflate', 'br', 'zstd'] as const

function tooLarge(limit: number, what: string) {
  return new ApiError('WEIR_API_TOO_LARGE', `The body has more than ${limit} bytes${what}.`, {
    hints: ['Send it in smaller parts.'],
  })
}

/** `limit`: bytes as sent and as decoded. */
export async function readBody(from: Readable, contentEncoding: string | undefined, limit: number): Promise<Buffer> {
  const encoding = contentEncoding?.trim().toLowerCase() ?? 'identity'
  const decode = encoding === 'identity' || encoding === '' ? undefined : decoders[encoding]
  if (decode === undefined && encoding !== 'identity' && encoding !== '') {
    throw new ApiError('WEIR_API_ENCODING', `Content-Encoding "${contentEncoding}" is not supported.`, {
      hints: [`Supported, one at a time: ${encodings.join(', ')}.`],
      headers: { 'accept-encoding': encodings.join(', ') },
    })
  }
  const pieces: Buffer[] = []
  let size = 0
  // The connection still carries the response.
  for await (const piece of from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += piece.length
    if (size > limit) throw tooLarge(limit, '')
    pieces.push(piece)
  }
  const body = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, size)
  if (decode === undefined) return body
  try {
    return await decode(body, { maxOutputLength: limit })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE')
      throw tooLarge(limit, ' when decompressed')
    throw new ApiError('WEIR_API_BODY', `The body is not valid ${encoding}: ${messageOf(error)}`)
  }
}

/** Closing a connection while a body arrives resets it, and the client loses the response. */
export function discard(from: Readable, bytes: number, ms: number, timers: Timers): Promise<void> {
  return new Promise((resolve) => {
    let left = bytes
    const take = (piece: Buffer) => {
      left -= piece.length
      if (left < 0) done()
    }
    const done = () => {
      timer.cancel()
      from.off('data', take).off('end', done).off('close', done).off('error', done)
      resolve()
    }
    const timer = timers.after(ms, done)
    from.on('data', take).once('end', done).once('close', done).once('error', done)
    if (from.readableEnded || from.destroyed) done()
  })
}
