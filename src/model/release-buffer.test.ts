import { expect, test } from 'vitest'
import { releaseBuffer } from './release-buffer.ts'

test('bytes that fill their buffer are freed, and a part of a larger buffer is not', () => {
  const own = new Uint8Array([1, 2, 3])
  releaseBuffer(own)
  expect([own.length, own.buffer.detached]).toEqual([0, true])
  const whole = new Uint8Array([1, 2, 3])
  releaseBuffer(whole.subarray(1))
  expect([...whole]).toEqual([1, 2, 3])
  releaseBuffer(own)
  releaseBuffer(new Uint8Array(0))
})
