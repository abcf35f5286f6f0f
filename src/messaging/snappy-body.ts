import { snappyDecompress, SnappyTooLarge } from '../codecs/snappy/decompress.ts'
import { releaseBuffer } from '../model/release-buffer.ts'
import { malformed, tooLarge } from '../net/http/push-refused.ts'
import type { PushRequest } from '../net/http/receiver.ts'
import type { Decoding } from './pushed-rows.ts'

/** Decompresses a body and releases it afterwards. Errors of the decoder are those of a malformed request. */
export function* withSnappy<T>(
  { body, lease }: PushRequest,
  limit: number,
  decode: (plain: Uint8Array) => Decoding<T>,
): Decoding<T> {
  let plain: Uint8Array | undefined
  try {
    plain = snappyDecompress(body, limit, (bytes) => lease.grow(bytes))
    const held = body.buffer.byteLength
    releaseBuffer(body, held)
    lease.grow(-held)
    return yield* decode(plain)
  } catch (error) {
    if (error instanceof SnappyTooLarge) throw tooLarge(limit)
    throw malformed(error)
  } finally {
    if (plain !== undefined) releaseBuffer(plain)
  }
}
