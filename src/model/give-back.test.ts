import { expect, test } from 'vitest'
import { giveBack } from './give-back.ts'

test('bytes of their own are freed, and part of a buffer is left as it is', () => {
  const own = new Uint8Array([1, 2, 3])
  giveBack(own)
  expect([own.length, own.buffer.detached]).toEqual([0, true])
  const whole = new Uint8Array([1, 2, 3])
  giveBack(whole.subarray(1))
  expect([...whole]).toEqual([1, 2, 3])
  giveBack(own)
  giveBack(new Uint8Array(0))
})
