import fc from 'fast-check'
import { expect, test } from 'vitest'
import { flowRows } from '../../../test/kit/flow-rows.ts'
import { Bench } from '../templates/testing/datagrams.ts'
import { vectorD, vectorE, vectorF } from '../templates/testing/vectors.ts'
import { MessageFramer } from './framer.ts'

const stream = Buffer.concat([vectorD, vectorF, vectorE, vectorD])

/** Messages of a stream in these chunks. */
function cut(pieces: readonly Uint8Array[], framer = new MessageFramer()): Buffer[] {
  const messages: Buffer[] = []
  for (const piece of pieces) {
    framer.push(piece)
    for (let message = framer.next(); message !== undefined; message = framer.next())
      messages.push(Buffer.from(message))
  }
  return messages
}

test('a stream that is cut at any byte gives the same messages', () => {
  const whole = [vectorD, vectorF, vectorE, vectorD]
  for (let at = 0; at <= stream.length; at++) expect(cut([stream.subarray(0, at), stream.subarray(at)])).toEqual(whole)
  expect(cut(Array.from(stream, (byte) => Buffer.of(byte)))).toEqual(whole)
  fc.assert(
    fc.property(fc.array(fc.nat(stream.length), { maxLength: 20 }), (cuts) => {
      const places = [0, ...cuts.sort((a, b) => a - b), stream.length]
      expect(cut(places.slice(1).map((end, i) => stream.subarray(places[i], end)))).toEqual(whole)
    }),
  )
})

test('and the same rows', () => {
  const expected = new Bench()
  for (const message of cut([stream])) expected.take(message, { kind: 'tcp' })
  for (let at = 0; at <= stream.length; at++) {
    const bench = new Bench()
    for (const message of cut([stream.subarray(0, at), stream.subarray(at)])) bench.take(message, { kind: 'tcp' })
    expect(flowRows(bench.flows.batch())).toEqual(flowRows(expected.flows.batch()))
  }
})

test('bytes that are no IPFIX are detected at the first wrong one, and earlier messages are returned', () => {
  for (const junk of ['GET / HTTP/1.1', '\0\x09\0\x20', '\0\x0a\0\x0f']) {
    const framer = new MessageFramer()
    expect(cut([vectorD, Buffer.from(junk)], framer)).toEqual([vectorD])
    expect([framer.broken, framer.pending]).toEqual([true, junk.length])
  }
})

test('bytes without a complete message are reported', () => {
  const framer = new MessageFramer()
  cut([stream.subarray(0, vectorD.length + 3)], framer)
  expect(framer.pending).toBe(3)
  cut([stream.subarray(vectorD.length + 3, vectorD.length + 30)], framer)
  expect([framer.pending, framer.broken]).toEqual([30, false])
})

test('a stream of any bytes throws nothing and loses none from sight', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 10 }), (pieces) => {
      const framer = new MessageFramer()
      let taken = 0
      let pushed = 0
      for (const piece of pieces) {
        framer.push(piece)
        pushed += piece.length
        for (let message = framer.next(); message !== undefined; message = framer.next()) taken += message.length
        if (framer.broken) break
      }
      expect(taken + framer.pending).toBe(pushed)
    }),
  )
})
