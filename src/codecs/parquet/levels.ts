import { hybrid, type Bytes } from './bits.ts'

export type Levels = Readonly<{
  /** As Parquet counts: one per row, or per item or empty list. */
  values: number
  nulls: number
  write(out: Bytes): void
}>

function sized(out: Bytes, write: () => void) {
  const start = out.at
  out.u32(0)
  write()
  const end = out.at
  out.at = start
  out.u32(end - start - 4)
  out.at = end
}

export class Presence implements Levels {
  #bits = new Uint8Array(1 << 12)
  values = 0
  nulls = 0

  reset(): void {
    this.values = 0
    this.nulls = 0
  }

  addPresent(rows: number): void {
    if (this.nulls > 0) {
      this.#room(this.values + rows)
      for (let row = this.values; row < this.values + rows; row++) this.#set(row, 1)
    }
    this.values += rows
  }

  addNulls(rows: number): void {
    if (this.nulls === 0) this.#begin()
    this.#room(this.values + rows)
    for (let row = this.values; row < this.values + rows; row++) this.#set(row, 0)
    this.values += rows
    this.nulls += rows
  }

  /** One row: definition level 0 is NULL. */
  add(level: 0 | 1): void {
    if (level === 1) this.addPresent(1)
    else this.addNulls(1)
  }

  /** Bitmap, lowest bit first. Returns the number of present values. */
  take(valid: Uint8Array, rows: number): number {
    let missing = 0
    for (let row = 0; row < rows; row++) missing += 1 - ((valid[row >> 3]! >> (row & 7)) & 1)
    if (missing === 0 || missing === rows) {
      if (missing === 0) this.addPresent(rows)
      else this.addNulls(rows)
      return rows - missing
    }
    if (this.nulls === 0) this.#begin()
    this.#room(this.values + rows)
    if ((this.values & 7) === 0) this.#bits.set(valid.subarray(0, (rows + 7) >> 3), this.values >> 3)
    else for (let row = 0; row < rows; row++) this.#set(this.values + row, (valid[row >> 3]! >> (row & 7)) & 1)
    this.values += rows
    this.nulls += missing
    return rows - missing
  }

  #begin() {
    this.#room(this.values)
    this.#bits.fill(0xff, 0, (this.values + 7) >> 3)
  }

  #room(rows: number) {
    const needed = (rows + 7) >> 3
    if (needed <= this.#bits.length) return
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bits.length))
    larger.set(this.#bits)
    this.#bits = larger
  }

  #set(row: number, level: number) {
    const bit = 1 << (row & 7)
    const byte = this.#bits[row >> 3]!
    this.#bits[row >> 3] = level === 1 ? byte | bit : byte & ~bit
  }

  write(out: Bytes): void {
    sized(out, () => {
      if (this.nulls === 0) {
        out.varint(this.values * 2)
        out.room(1)
        out.bytes[out.at++] = 1
        return
      }
      const groups = (this.values + 7) >> 3
      out.varint(groups * 2 + 1)
      out.put(this.#bits.subarray(0, groups))
    })
  }
}

export class ListLevels implements Levels {
  #repetition = new Uint32Array(256)
  #definition = new Uint32Array(256)
  values = 0
  nulls = 0

  row(items: number): void {
    if (items === 0) {
      this.#add(0, 0)
      this.nulls++
    }
    for (let item = 0; item < items; item++) this.#add(item === 0 ? 0 : 1, 3)
  }

  #add(repetition: number, definition: number) {
    if (this.values === this.#repetition.length) {
      const grown = (from: Uint32Array) => {
        const larger = new Uint32Array(2 * from.length)
        larger.set(from)
        return larger
      }
      this.#repetition = grown(this.#repetition)
      this.#definition = grown(this.#definition)
    }
    this.#repetition[this.values] = repetition
    this.#definition[this.values] = definition
    this.values++
  }

  write(out: Bytes): void {
    sized(out, () => hybrid(this.#repetition, this.values, 1, out))
    sized(out, () => hybrid(this.#definition, this.values, 2, out))
  }
}
