/**
 * Frees the memory of bytes that nobody will look at again; they are empty afterwards. Large bytes lie outside the heap, where tens of
 * megabytes of them pile up in each thread before V8 collects. Bytes in a buffer of another size stay: the rest may be somebody else's,
 * or Node's, which takes small ones from a buffer for many.
 * @param size bytes of the buffer that was made for them; as many as they are unless more room was made
 */
export function giveBack({ buffer, byteLength }: Uint8Array, size = byteLength): void {
  if (size > 0 && size === buffer.byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0)
}
