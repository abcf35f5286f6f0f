const firstRows = 1024
const firstBytes = 256 * 1024

export class Entries {
  count = 0
  /** Row over all pieces of the batch. */
  index = new Uint32Array(firstRows)
  stream = new Uint32Array(firstRows)
  /** Unix ms. */
  ms = new Float64Array(firstRows)
  /** Nanoseconds within the millisecond. */
  nanos = new Uint32Array(firstRows)
  /** Line r is bytes[starts[r] .. starts[r+1]). */
  starts = new Float64Array(firstRows + 1)
  bytes = Buffer.allocUnsafe(firstBytes)

  add(index: number, stream: number, ms: number, nanos: number, line: string): void {
    const row = this.count++
    if (row === this.index.length) this.#growRows()
    this.index[row] = index
    this.stream[row] = stream
    this.ms[row] = ms
    this.nanos[row] = nanos
    const start = this.starts[row] ?? 0
    if (start + 3 * line.length > this.bytes.length) this.#growBytes(start + 3 * line.length)
    this.starts[row + 1] = start + this.bytes.write(line, start)
  }

  size(row: number): number {
    return (this.starts[row + 1] ?? 0) - (this.starts[row] ?? 0)
  }

  line(row: number): string {
    return this.bytes.toString('utf8', this.starts[row] ?? 0, this.starts[row + 1] ?? 0)
  }

  /** Rows by stream, then time, then position. */
  sorted(): Uint32Array {
    const { stream, ms, nanos } = this
    return Uint32Array.from({ length: this.count }, (_, row) => row).sort(
      (a, b) =>
        (stream[a] ?? 0) - (stream[b] ?? 0) ||
        (ms[a] ?? 0) - (ms[b] ?? 0) ||
        (nanos[a] ?? 0) - (nanos[b] ?? 0) ||
        a - b,
    )
  }

  #growRows() {
    const rows = 2 * this.index.length
    this.index = grown(new Uint32Array(rows), this.index)
    this.stream = grown(new Uint32Array(rows), this.stream)
    this.ms = grown(new Float64Array(rows), this.ms)
    this.nanos = grown(new Uint32Array(rows), this.nanos)
    this.starts = grown(new Float64Array(rows + 1), this.starts)
  }

  #growBytes(needed: number) {
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.bytes.length))
    larger.set(this.bytes.subarray(0, this.starts[this.count - 1] ?? 0))
    this.bytes = larger
  }
}

function grown<T extends Uint32Array | Float64Array>(larger: T, from: T): T {
  larger.set(from)
  return larger
}
