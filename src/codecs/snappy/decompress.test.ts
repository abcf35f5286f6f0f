import fc from 'fast-check'
import { expect, test } from 'vitest'
import { snappyDecompress } from './decompress.ts'
import { snappyCompress } from './index.ts'

test('decompresses what was compressed', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ maxLength: 40 }).map((text) => new TextEncoder().encode(text.repeat(2000))),
  )
  fc.assert(fc.property(bytes, (given) => Buffer.compare(snappyDecompress(snappyCompress(given), 1e6), given) === 0))
})

test('malformed blocks are errors, and never out of bounds', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (given) => {
      try {
        expect(snappyDecompress(given, 1000).length).toBeLessThanOrEqual(1000)
      } catch (error) {
        expect((error as Error).message).toMatch(/malformed|exceed|ends early/)
      }
    }),
  )
  expect(() => snappyDecompress(snappyCompress(new Uint8Array(2000)), 1000)).toThrow('2000 bytes exceed the limit')
})
