/**
 * The bytes are empty afterwards. Large buffers are outside the heap, where tens of megabytes accumulate before V8
 * collects them. A buffer of another size than `size` is shared and not freed.
 */
export function releaseBuffer({ buffer, byteLength }: ArrayBufferView, size = byteLength): void {
  if (size > 0 && size === buffer.byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0)
}
