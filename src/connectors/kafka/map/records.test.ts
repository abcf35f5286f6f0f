import { createRecordsBatch, crc32c, Reader, readRecordsBatch, type MessageRecord } from '@platformatic/kafka'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { outboxOf } from './outbox.ts'
import { recordBatch } from './records.ts'
import type { KafkaMessage } from '../map.ts'

const head = { producerId: 17n, producerEpoch: 3, sequence: 2 ** 31 - 1, time: 1_700_000_000_007 }
const length = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constantFrom(63, 64, 8191, 8192, 100_000))

test('a batch has the bytes that the client library encodes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.option(fc.string({ unit: 'binary' })), length, fc.dictionary(fc.string(), fc.string())), {
        minLength: 1,
        maxLength: 200,
      }),
      async (rows) => {
        const messages = rows.map(([key, bytes, headers], index): KafkaMessage => {
          const value = Buffer.alloc(bytes, index)
          return { topic: 't', key: key ?? undefined, headers, value, id: String(index) }
        })
        const { records } = outboxOf(messages, 'murmur2')
        const expected = createRecordsBatch(
          messages.map(({ key, headers, value }): MessageRecord => ({
            topic: 't',
            partition: 0,
            timestamp: BigInt(head.time),
            value: value as Buffer,
            headers: new Map(Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
            ...(key === undefined ? {} : { key: Buffer.from(key) }),
          })),
          { ...head, sequences: { getWithDefault: () => head.sequence } as never },
        )
        const chosen = messages.map((_, at) => at)
        expect((await recordBatch(records, chosen, head, { crc32c })).equals(expected.buffer)).toBe(true)
      },
    ),
    { numRuns: 60 },
  )
})

test('chosen records are numbered from 0, and compressed without the head', async () => {
  const messages = Array.from({ length: 9 }, (_, index): KafkaMessage => {
    return { topic: 't', key: undefined, headers: {}, value: Buffer.from(`v${index}`), id: String(index) }
  })
  const compression = { bitmask: 1, compress: (await import('node:zlib')).gzipSync }
  const { records } = outboxOf(messages, 'murmur2')
  const batch = await recordBatch(records, [2, 3, 7], head, { crc32c, compression })
  const found = readRecordsBatch(Reader.from(batch))
  expect(found.records.map(({ offsetDelta, value }) => [offsetDelta, String(value)])).toEqual([
    [0, 'v2'],
    [1, 'v3'],
    [2, 'v7'],
  ])
  expect(found).toMatchObject({ firstSequence: head.sequence, producerId: 17n, producerEpoch: 3, lastOffsetDelta: 2 })
})
