import { compressionsAlgorithms } from '@platformatic/kafka'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { snappyCompress } from './index.ts'

/** Decoder of another library. */
function decompressed(bytes: Uint8Array): Buffer {
  return Buffer.from(compressionsAlgorithms.snappy.decompressSync(Buffer.from(bytes)))
}

test('another decoder restores any bytes', () => {
  const repeated = fc
    .tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 8000 }))
    .map(([part, times]) => Buffer.concat(Array.from({ length: times }, () => part)))
  const mixed = fc.array(fc.oneof(repeated, fc.uint8Array({ maxLength: 400 })), { maxLength: 6 }).map(Buffer.concat)
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 3000 }), repeated, mixed), (bytes) => {
      expect(decompressed(snappyCompress(bytes)).equals(bytes)).toBe(true)
    }),
    { numRuns: 300 },
  )
})

test.each([0, 1, 14, 15, 16, 60, 61, 256, 257, 65_535, 65_536, 65_537, 200_000])(
  '%i bytes are restored, repeated and random',
  (length) => {
    const same = Buffer.alloc(length, 'flow')
    const different = Buffer.from(Array.from({ length }, (_, i) => Math.imul(i ^ 0x9e37, 0x85ebca6b) >>> 13))
    for (const bytes of [same, different]) expect(decompressed(snappyCompress(bytes)).equals(bytes)).toBe(true)
  },
)

test('lines of JSON shrink to less than a third', () => {
  const lines = Array.from({ length: 2000 }, (_, i) =>
    JSON.stringify({ SrcAddr: `10.0.0.${i % 250}`, DstAddr: '10.1.2.3', Bytes: i * 37, SrcK8S_Namespace: 'shop' }),
  ).join('\n')
  const bytes = Buffer.from(lines)
  expect(snappyCompress(bytes).length).toBeLessThan(bytes.length / 3)
})
