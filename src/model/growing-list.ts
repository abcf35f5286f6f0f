import type { ListDictColumn, ListU8Column } from './columns.ts'

/**
 * A codec calls {@link begin} with ascending rows, then {@link push} for each item. Skipped rows have an empty list.
 * Beginning an earlier row again discards the items from that row on.
 */
export class GrowingList<T extends Uint8Array | Uint32Array = Uint8Array | Uint32Array> {
  readonly kind: 'list<u8>' | 'list<dict>'
  #items: T
  #used = 0
  #offsets: Uint32Array
  #row = -1

  constructor(kind: 'list<u8>' | 'list<dict>', capacity: number) {
    this.kind = kind
    this.#items = (kind === 'list<u8>' ? new Uint8Array(capacity) : new Uint32Array(capacity)) as T
    this.#offsets = new Uint32Array(capacity + 1)
  }

  get itemBytes(): number {
    return this.#used * this.#items.BYTES_PER_ELEMENT
  }

  begin(row: number): void {
    if (row > this.#row) {
      this.#offsets.fill(this.#used, this.#row + 1, row + 1)
    } else {
      this.#used = this.#offsets[row] ?? 0
    }
    this.#row = row
  }

  push(value: number): void {
    if (this.#used === this.#items.length) this.#growItems()
    this.#items[this.#used++] = value
  }

  grow(capacity: number): void {
    const larger = new Uint32Array(capacity + 1)
    larger.set(this.#offsets)
    this.#offsets = larger
  }

  /** A view of the first `count` rows; undefined if all are empty. Valid until the next write, growth or reset. */
  view(count: number): ListU8Column | ListDictColumn | undefined {
    // Rows without `begin` end at the previous end.
    if (this.#row < count) this.#offsets.fill(this.#used, this.#row + 1, count + 1)
    const offsets = this.#offsets.subarray(0, count + 1)
    const end = offsets[count] ?? 0
    if (end === 0) return undefined
    return { kind: this.kind, offsets, items: this.#items.subarray(0, end) } as ListU8Column | ListDictColumn
  }

  reset(): void {
    this.#used = 0
    this.#row = -1
  }

  shrink(capacity: number): void {
    this.reset()
    this.#items = (this.kind === 'list<u8>' ? new Uint8Array(capacity) : new Uint32Array(capacity)) as T
    this.#offsets = new Uint32Array(capacity + 1)
  }

  #growItems() {
    const length = Math.max(16, this.#items.length * 2)
    const larger = (this.kind === 'list<u8>' ? new Uint8Array(length) : new Uint32Array(length)) as T
    larger.set(this.#items)
    this.#items = larger
  }
}
