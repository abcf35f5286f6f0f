/**
 * Frees the memory after the last use; the bytes are empty afterwards. Without this, tens of megabytes accumulate per
 * thread before V8 collects them. A buffer of another size is shared, as Node's pool is, and is not freed. `size`:
 * allocated bytes, if larger than the content.
 */
export function releaseBuffer({ buffer, byteLength }: Uint8Array, size = byteLength): void {
  if (size > 0 && size === buffer.byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0)
}
