/** The message of a unary call: a byte of flags, four bytes of length, and the message (gRPC over HTTP/2). */
import type { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createInflate } from 'node:zlib'
import type { MemoryLease } from '../host/index.ts'
import { messageOf, WeirError } from '../model/errors.ts'
import { GrowingBody } from '../model/growing-body.ts'
import { PushRefused, tooLarge } from './http/push-refused.ts'

const decoders: Readonly<Record<string, () => Transform>> = { gzip: createGunzip, deflate: createInflate }

export const acceptedGrpcEncodings: string = ['identity', ...Object.keys(decoders)].join(',')

export const isGrpcEncoding = (encoding: string): boolean => acceptedGrpcEncodings.split(',').includes(encoding)

const headBytes = 5

type MessageOptions = Readonly<{
  encoding: string
  /** As sent and as decompressed. */
  maxBytes: number
  /** Grows with the bytes that arrive or are decompressed, not with the announced ones. */
  lease: MemoryLease
}>

/**
 * The decompressed message, in a separate buffer. Throws PushRefused, or as the lease does; the stream is open then,
 * and stops reading.
 */
export async function readGrpcMessage(
  stream: Readable,
  { encoding, maxBytes, lease }: MessageOptions,
): Promise<Buffer> {
  const pieces = stream.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>
  const head = await headOf(pieces)
  if (head.length > maxBytes) throw tooLarge(maxBytes)
  const sent = payloadOf(pieces, head)
  const body = new GrowingBody(head.isCompressed ? maxBytes : head.length, (bytes) => lease.grow(bytes))
  try {
    for await (const piece of head.isCompressed ? decompressed(sent, encoding) : sent) {
      if (body.size + piece.length > maxBytes) throw tooLarge(maxBytes)
      body.add(piece)
    }
    return body.take()
  } finally {
    body.close()
  }
}

type Head = Readonly<{ isCompressed: boolean; length: number; rest: Buffer }>

async function headOf(pieces: AsyncIterator<Buffer>): Promise<Head> {
  let head: Buffer = Buffer.alloc(0)
  while (head.length < headBytes) {
    const { done, value } = await nextOf(pieces)
    if (done === true) throw unreadable('the request ended before its message')
    head = head.length === 0 ? value : Buffer.concat([head, value])
  }
  if (head[0]! > 1) throw unreadable('its flags are unknown')
  return { isCompressed: head[0] === 1, length: head.readUInt32BE(1), rest: head.subarray(headBytes) }
}

async function* payloadOf(pieces: AsyncIterator<Buffer>, { length, rest }: Head): AsyncGenerator<Buffer> {
  let left = length
  for (let piece = rest; ;) {
    if (piece.length > left) throw unreadable('the request has more than one message')
    left -= piece.length
    if (piece.length > 0) yield piece
    const { done, value } = await nextOf(pieces)
    if (done === true) break
    piece = value
  }
  if (left > 0) throw unreadable('the request ended too early')
}

async function nextOf(pieces: AsyncIterator<Buffer>): Promise<IteratorResult<Buffer, undefined>> {
  try {
    return (await pieces.next()) as IteratorResult<Buffer, undefined>
  } catch (error) {
    throw unreadable(messageOf(error))
  }
}

async function* decompressed(sent: AsyncGenerator<Buffer>, encoding: string): AsyncGenerator<Buffer> {
  const decoder = (Object.hasOwn(decoders, encoding) ? decoders[encoding] : undefined)?.()
  if (decoder === undefined) throw unreadable('it is compressed, and no encoding is stated')
  const piping = pipeline(sent, decoder)
  // The error is that of the decoder.
  piping.catch(() => {})
  try {
    yield* decoder as AsyncIterable<Buffer>
  } catch (error) {
    if (error instanceof PushRefused || error instanceof WeirError) throw error
    throw unreadable(`it is not valid ${encoding}: ${messageOf(error)}`)
  } finally {
    decoder.destroy()
  }
}

const unreadable = (why: string): PushRefused =>
  new PushRefused(400, 'unreadable', `The message cannot be read: ${why}.`)
