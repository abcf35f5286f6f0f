import type { Readable, Transform } from 'node:stream'
import * as zlib from 'node:zlib'
import type { MemoryLease } from '../../host/index.ts'
import { ApiError } from '../problems.ts'
import { messageOf, WeirError } from '../../model/errors.ts'
import { GrowingBody } from '../../model/growing-body.ts'

const decoders: Readonly<Record<string, () => Transform>> = {
  gzip: zlib.createGunzip,
  'x-gzip': zlib.createGunzip,
  deflate: zlib.createInflate,
  br: zlib.createBrotliDecompress,
  zstd: zlib.createZstdDecompress,
}

export const encodings = ['gzip', 'deflate', 'br', 'zstd'] as const

function tooLarge(limit: number, what: string) {
  return new ApiError('WEIR_API_TOO_LARGE', `The body has more than ${limit} bytes${what}.`, {
    hints: ['Send it in smaller parts.'],
  })
}

type BodyOptions = Readonly<{
  /** Bytes as sent and as decoded. */
  limit: number
  /** Grows with the body, as sent and as decoded. */
  memory: MemoryLease
  /** Bytes as sent, if known. */
  announced?: number
}>

export async function readBody(
  from: Readable,
  contentEncoding: string | undefined,
  { limit, memory, announced = limit }: BodyOptions,
): Promise<Buffer> {
  const encoding = contentEncoding?.trim().toLowerCase() ?? 'identity'
  const isPlain = encoding === 'identity' || encoding === ''
  const decoder = Object.hasOwn(decoders, encoding) ? decoders[encoding] : undefined
  if (decoder === undefined && !isPlain) {
    throw new ApiError('WEIR_API_ENCODING', `Content-Encoding "${contentEncoding}" is not supported.`, {
      hints: [`Supported, one at a time: ${encodings.join(', ')}.`],
      headers: { 'accept-encoding': encodings.join(', ') },
    })
  }
  // The connection still carries the response.
  const sent = from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>
  const body = await collected(sent, { limit, memory, announced, what: '' })
  return decoder === undefined ? body : decoded(decoder(), body, { encoding, limit, memory })
}

async function decoded(
  decoder: Transform,
  body: Buffer,
  { encoding, limit, memory }: BodyOptions & Readonly<{ encoding: string }>,
): Promise<Buffer> {
  try {
    decoder.end(body)
    return await collected(decoder as AsyncIterable<Buffer>, { limit, memory, what: ' when decompressed' })
  } catch (error) {
    if (error instanceof ApiError || error instanceof WeirError) throw error
    throw new ApiError('WEIR_API_BODY', `The body is not valid ${encoding}: ${messageOf(error)}`)
  } finally {
    decoder.destroy()
  }
}

async function collected(
  from: AsyncIterable<Buffer>,
  { limit, memory, announced = limit, what }: BodyOptions & Readonly<{ what: string }>,
): Promise<Buffer> {
  const body = new GrowingBody(Math.min(announced, limit), (bytes) => memory.grow(bytes))
  try {
    for await (const piece of from) {
      if (body.size + piece.length > limit) throw tooLarge(limit, what)
      body.add(piece)
    }
    return body.take()
  } finally {
    body.close()
  }
}
