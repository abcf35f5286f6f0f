import type { Column } from '../model/columns.ts'

export interface Room {
  /** At least so many bytes, with any content. */
  take(bytes: number): ArrayBuffer
}

export const freshRoom: Room = { take: (bytes) => new ArrayBuffer(bytes) }

/** Smaller buffers cost little, and many of them would be nearly empty. */
const step = 1 << 14
/** Addresses, the largest columns, return before the next frame. */
const maxSpareBytes = 4 << 20

/**
 * Reuses the buffers of columns: allocation costs as much as decoding, and external memory triggers full collections.
 */
export class ColumnRoom implements Room {
  readonly #spare = new Map<number, ArrayBuffer[]>()
  readonly #lent = new WeakSet<ArrayBufferLike>()
  #spareBytes = 0

  take(bytes: number): ArrayBuffer {
    if (bytes < step) return new ArrayBuffer(bytes)
    const size = Math.ceil(bytes / step) * step
    const arrayBuffer = this.#spare.get(size)?.pop()
    if (arrayBuffer !== undefined) this.#spareBytes -= size
    const buffer = arrayBuffer ?? new ArrayBuffer(size)
    this.#lent.add(buffer)
    return buffer
  }

  /** Values of these columns must not be used afterwards. Others than those from `take` are ignored. */
  recycle(columns: Iterable<Column>): void {
    for (const column of columns) {
      const { buffer } =
        'words' in column
          ? column.words
          : 'values' in column
            ? column.values
            : 'codes' in column
              ? column.codes
              : column.items
      if (!(buffer instanceof ArrayBuffer) || !this.#lent.delete(buffer)) continue
      if (this.#spareBytes + buffer.byteLength > maxSpareBytes) continue
      this.#spareBytes += buffer.byteLength
      const same = this.#spare.get(buffer.byteLength)
      if (same === undefined) this.#spare.set(buffer.byteLength, [buffer])
      else same.push(buffer)
    }
  }
}
