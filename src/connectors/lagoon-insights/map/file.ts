import { createGunzip } from 'node:zlib'
import type { ImageReport } from '../../../model/insights.ts'
import type { Rejection } from '../map.ts'

/** A ratio above this is no text; it counts beyond the first MiB only. */
const [maxRatio, ratioFrom] = [200, 1024 * 1024]

/** Reads a gzip file to its end without keeping it. Other files are not checked. */
export async function checkFile(bytes: Uint8Array, maxBytes: number): Promise<Rejection | undefined> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return undefined
  const gunzip = createGunzip()
  gunzip.end(bytes)
  let size = 0
  try {
    for await (const piece of gunzip) {
      size += (piece as Buffer).length
      if (size > maxBytes || (size > ratioFrom && size > maxRatio * bytes.length)) return 'too-large-decompressed'
    }
  } catch {
    return 'unreadable-gzip'
  } finally {
    gunzip.destroy()
  }
  return undefined
}

/** The first rejection of a file. With `strict` a report has all files of its ConfigMap. */
export async function checkFiles(
  { binaryPayload }: Pick<ImageReport, 'binaryPayload'>,
  maxBytes: number,
): Promise<Rejection | undefined> {
  for (const text of Object.values(binaryPayload ?? {})) {
    const rejection = await checkFile(Buffer.from(text, 'base64'), maxBytes)
    if (rejection !== undefined) return rejection
  }
  return undefined
}
