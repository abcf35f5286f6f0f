import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ProtoMessage } from '../../../test/kit/proto-read.ts'
import { ProtoWriter } from './index.ts'

test('another library reads back every kind of field, nested at any length', () => {
  const any = fc.record({
    uint: fc.maxSafeNat(),
    int: fc.maxSafeInteger(),
    double: fc.double({ noNaN: true }),
    text: fc.string({ unit: 'grapheme', maxLength: 200 }),
    bytes: fc.uint8Array({ maxLength: 40_000 }),
    packed: fc.array(fc.nat(), { maxLength: 2000 }),
  })
  fc.assert(
    fc.property(fc.array(any, { maxLength: 5 }), (messages) => {
      const writer = new ProtoWriter()
      const outer = writer.begin(1)
      for (const { uint, int, double, text, bytes, packed } of messages) {
        const start = writer.begin(20)
        writer.uint(1, uint)
        writer.int(2, int)
        writer.double(3, double)
        writer.text(4, text)
        writer.bytes(1000, bytes)
        writer.fixed64(5, 7, 0)
        writer.packed(6, packed)
        writer.end(start)
      }
      writer.end(outer)
      const read = new ProtoMessage(writer.finish()).message(1).messages(20)
      expect(
        read.map((one) => ({
          uint: one.number(1),
          int: one.number(2),
          double: one.double(3),
          text: one.text(4),
          bytes: Uint8Array.from(one.bytes(1000)),
          packed: one.packed(6),
          seven: one.number(5),
        })),
      ).toEqual(messages.map((one) => ({ ...one, bytes: Uint8Array.from(one.bytes), seven: 7 })))
    }),
  )
})
