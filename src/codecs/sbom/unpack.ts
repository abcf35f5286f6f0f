import type { Transform } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { GrowingBody } from '../../model/growing-body.ts'
import { ReportError } from './report.ts'

/** Counts memory before it is used, and less again if negative; throws if there is none. */
export type Reserve = (bytes: number) => void

const mebibyte = 1 << 20
/** Maximum ratio of compression, which is below 20 in real documents. */
const maxRatio = 200

/** Unpacks gzip and Zstandard; other bytes are returned as they are. Rejects with a {@link ReportError}. */
export async function unpack(
  bytes: Uint8Array,
  maxBytes: number,
  reserve: Reserve = () => undefined,
): Promise<Uint8Array> {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b
  const isZstd = bytes[0] === 0x28 && bytes[1] === 0xb5 && bytes[2] === 0x2f && bytes[3] === 0xfd
  if (bytes.length > maxBytes) throw tooLarge(maxBytes)
  if (!isGzip && !isZstd) return bytes
  const decoder: Transform = isGzip ? createGunzip() : createZstdDecompress()
  const unpacked = new GrowingBody(maxBytes, reserve)
  try {
    decoder.end(bytes)
    for await (const piece of decoder as AsyncIterable<Buffer>) {
      const size = unpacked.size + piece.length
      if (size > maxBytes) throw tooLarge(maxBytes)
      if (size > mebibyte && size > bytes.length * maxRatio)
        throw new ReportError('too-large', `The document unpacks to more than ${maxRatio} times its size.`)
      unpacked.add(piece)
    }
    return unpacked.take()
  } catch (error) {
    // An error of zlib has a code, as has one of `reserve`.
    if (error instanceof ReportError || !/^(?:Z_|ERR_Z|ZSTD)/.test(String((error as { code?: unknown }).code)))
      throw error
    throw new ReportError('malformed', `The document is not valid ${isGzip ? 'gzip' : 'Zstandard'}.`)
  } finally {
    unpacked.close()
    decoder.destroy()
  }
}

function tooLarge(maxBytes: number): ReportError {
  return new ReportError('too-large', `The document has more than ${maxBytes} bytes.`)
}

/** Windows PowerShell redirects output as UTF-16. */
export function inUtf8(bytes: Uint8Array, reserve: Reserve): Uint8Array {
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-16be'
  if (encoding === 'utf-16be' && !(bytes[0] === 0xfe && bytes[1] === 0xff)) return bytes
  reserve(3 * bytes.length)
  try {
    return new TextEncoder().encode(new TextDecoder(encoding, { fatal: true }).decode(bytes))
  } catch {
    throw new ReportError('malformed', 'The document is not UTF-16.')
  }
}
