import { promisify } from 'node:util'
import * as zlib from 'node:zlib'
import { ReportError } from './report.ts'

const mebibyte = 1 << 20
/** Of real documents it is below 20. */
const maxRatio = 200

const gunzip = promisify(zlib.gunzip)
const unzstd = promisify(zlib.zstdDecompress)

/** Unpacks gzip and Zstandard; other bytes are returned as they are. Rejects with a {@link ReportError}. */
export async function unpack(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b
  const isZstd = bytes[0] === 0x28 && bytes[1] === 0xb5 && bytes[2] === 0x2f && bytes[3] === 0xfd
  if (bytes.length > maxBytes) throw tooLarge(maxBytes)
  if (!isGzip && !isZstd) return bytes
  const limit = Math.min(maxBytes, Math.max(mebibyte, bytes.length * maxRatio))
  try {
    return await (isGzip ? gunzip : unzstd)(bytes, { maxOutputLength: limit })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') {
      if (limit === maxBytes) throw tooLarge(maxBytes)
      throw new ReportError('too-large', `The document unpacks to more than ${maxRatio} times its size.`)
    }
    throw new ReportError('malformed', `The document is not valid ${isGzip ? 'gzip' : 'Zstandard'}.`)
  }
}

function tooLarge(maxBytes: number): ReportError {
  return new ReportError('too-large', `The document has more than ${maxBytes} bytes.`)
}
