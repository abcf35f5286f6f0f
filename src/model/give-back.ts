/**
 * Frees the memory of bytes that nobody will look at again; they are empty afterwards. Large bytes lie outside the heap, where tens of
 * megabytes of them pile up in each thread before V8 collects. Bytes that are only part of a buffer stay: the rest may be somebody else's.
 */
export function giveBack(bytes: Uint8Array): void {
  const { buffer, byteLength } = bytes
  if (byteLength > 0 && byteLength === buffer.byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0)
}
