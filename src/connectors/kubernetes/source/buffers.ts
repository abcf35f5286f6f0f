import { releaseBuffer } from '../../../model/release-buffer.ts'

/** Fits most documents, and is no size of Node's pooled buffers. */
const bufferBytes = 7168
const maxBuffers = 384

export class DocumentBuffers {
  readonly #free: Uint8Array[] = []

  copy(document: Uint8Array): Uint8Array {
    const bytes = document.length > bufferBytes ? undefined : this.#free.pop()
    const all =
      bytes === undefined ? Buffer.allocUnsafeSlow(Math.max(bufferBytes, document.length)) : Buffer.from(bytes.buffer)
    all.set(document)
    return all.subarray(0, document.length)
  }

  release(copy: Uint8Array): void {
    if (copy.buffer.byteLength === bufferBytes && this.#free.length < maxBuffers) this.#free.push(copy)
    else releaseBuffer(copy)
  }
}
