import { expect, test } from 'vitest'
import { GrowingBody } from './growing-body.ts'

test('reserves the bytes of its one buffer, and no more than announced', () => {
  let [reserved, peak] = [0, 0]
  const body = new GrowingBody(1_000_000, (bytes) => {
    reserved += bytes
    peak = Math.max(peak, reserved)
  })
  for (let piece = 0; piece < 100; piece++) body.add(new Uint8Array(10_000).fill(piece))
  const bytes = body.take()
  expect([bytes.length, bytes[0], bytes[999_999], reserved]).toEqual([1_000_000, 0, 99, 1_000_000])
  expect(peak).toBeLessThan(2_000_000)
})

test('a body that ends early keeps its bytes only', () => {
  let reserved = 0
  const body = new GrowingBody(1 << 30, (bytes) => (reserved += bytes))
  body.add(new Uint8Array(100_000))
  body.add(new Uint8Array(1))
  expect(reserved).toBe(200_000)
  expect([body.take().buffer.byteLength, reserved]).toEqual([100_001, 100_001])
  body.close()
  expect(body.isOpen).toBe(false)
})
