import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import * as zlib from 'node:zlib'
import { ApiError } from './problems.ts'

const decoders: Readonly<Record<string, (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>>> = {
  gzip: promisify(zlib.gunzip),
  'x-gzip': promisify(zlib.gunzip),
  deflate: promisify(zlib.inflate),
  br: promisify(zlib.brotliDecompress),
  zstd: promisify(zlib.zstdDecompress),
}

/** Content encodings that a request body may have. */
export const encodings = ['gzip', 'deflate', 'br', 'zstd'] as const

function tooLarge(limit: number, what: string): ApiError {
  return new ApiError('WEIR_API_TOO_LARGE', `The body has more than ${limit} bytes${what}.`, { hints: ['Send it in smaller pieces.'] })
}

/** Reads a request body to its end, no further than the limit, and takes off its one content encoding. */
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
  for await (const piece of from as AsyncIterable<Buffer>) {
    size += piece.length
    if (size > limit) throw tooLarge(limit, '')
    pieces.push(piece)
  }
  const body = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, size)
  if (decode === undefined) return body
  try {
    return await decode(body, { maxOutputLength: limit })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(limit, ' when decompressed')
    throw new ApiError('WEIR_API_BODY', `The body is not valid ${encoding}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
