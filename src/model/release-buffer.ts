/**
 * Frees the memory of bytes after their last use; they are empty afterwards. Large buffers are outside the heap, where
 * tens of megabytes accumulate per thread before V8 collects them. If the buffer has another size it is shared, for
 * example Node's pool, and is not freed.
 *
 * @param size allocated bytes of the buffer, if larger than the content
 */
export function releaseBuffer({ buffer, byteLength }: Uint8Array, size = byteLength): void {
  if (size > 0 && size === buffer.byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0)
}
