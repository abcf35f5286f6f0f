import { expect, it } from 'vitest'
import type { Column } from '../model/columns.ts'
import { ColumnRoom } from './column-room.ts'

const column = (buffer: ArrayBuffer): Column => ({ kind: 'u64', words: new Uint32Array(buffer, 0, 8) })

it('gives a buffer again only after it was recycled, and then once', () => {
  const room = new ColumnRoom()
  const [first, second] = [room.take(40_000), room.take(40_000)]
  expect(second).not.toBe(first)
  room.recycle([column(first)])
  room.recycle([column(first)])
  const again = [room.take(36_000), room.take(36_000)]
  expect(again[0]).toBe(first)
  expect([first, second]).not.toContain(again[1])
})

it('ignores columns of other buffers', () => {
  const room = new ColumnRoom()
  const other = new ArrayBuffer(1 << 15)
  room.recycle([column(other)])
  expect(room.take(1 << 15)).not.toBe(other)
})

it('retains at most 4 MiB', () => {
  const room = new ColumnRoom()
  const large = Array.from({ length: 5 }, () => room.take(1 << 20))
  room.recycle(large.map(column))
  const again = new Set(Array.from({ length: 5 }, () => room.take(1 << 20)))
  expect(large.filter((buffer) => again.has(buffer))).toHaveLength(4)
})
