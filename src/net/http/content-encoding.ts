/** Content codings gzip, br and zstd (RFC 9110, 8.4; RFC 9659). */
import { promisify } from 'node:util'
import { brotliDecompress, constants, gunzip, zstdDecompress } from 'node:zlib'
import { messageOf } from '../../model/errors.ts'
import { HttpError } from './errors.ts'

export const acceptedEncodings = 'gzip, br, zstd'

type Decoder = (body: Uint8Array, limits: { readonly maxOutputLength: number }) => Promise<Uint8Array>

const unzip: Decoder = promisify(gunzip)
const unbrotli: Decoder = promisify(brotliDecompress)
const unzstd = promisify(zstdDecompress)
/** RFC 9659 limits the window to 8 MiB. */
const zstdWindow = { params: { [constants.ZSTD_d_windowLogMax]: 23 } }

const decoders: Readonly<Record<string, Decoder>> = {
  gzip: unzip,
  'x-gzip': unzip,
  br: unbrotli,
  zstd: (body, limits) => unzstd(body, { ...limits, ...zstdWindow }),
}
const maxCodings = 2

/** `too_large` as soon as the output exceeds the limit; `encoding` for unknown codings and damaged input. */
export async function decodeBody(encoding: string, body: Uint8Array, limit: number): Promise<Uint8Array> {
  const codings = encoding
    .toLowerCase()
    .split(',')
    .map((part) => part.trim())
    .filter((text) => text !== '' && text !== 'identity')
  if (codings.length > maxCodings) throw new HttpError('encoding', `the response is encoded ${codings.length} times`)
  let decoded = body
  for (const coding of codings.reverse()) {
    const decoder = Object.hasOwn(decoders, coding) ? decoders[coding] : undefined
    if (decoder === undefined)
      throw new HttpError('encoding', `the response has the unknown content coding ${coding.slice(0, 40)}`)
    try {
      decoded = await decoder(decoded, { maxOutputLength: limit })
    } catch (error) {
      if ((error as { readonly code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(limit)
      throw new HttpError('encoding', `the response cannot be decoded as ${coding} (${messageOf(error)})`, {
        cause: error,
      })
    }
  }
  return decoded
}

export function tooLarge(limit: number): HttpError {
  return new HttpError('too_large', `the response has more than ${limit} bytes`)
}
