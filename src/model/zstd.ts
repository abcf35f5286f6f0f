/** Room for every result, as of ZSTD_compressBound: with less, Node copies input and output. */
export function largestZstd(bytes: number): number {
  return bytes + (bytes >>> 8) + 64
}
