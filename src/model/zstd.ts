import { constants, zstdCompressSync } from 'node:zlib'

const params = { [constants.ZSTD_c_compressionLevel]: 1 }

/** One frame of level 1. */
export function compressZstd(bytes: Uint8Array): Uint8Array {
  return zstdCompressSync(bytes, { params, chunkSize: largest(bytes.length) })
}

/** Room for every result, as of ZSTD_compressBound: with less, zstd copies input and output. */
function largest(bytes: number) {
  return bytes + (bytes >>> 8) + 64
}
