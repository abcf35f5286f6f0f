import { create, toBinary } from '@bufbuild/protobuf'
import { expect, test } from 'vitest'
import { encodeEnvelope } from '../../src/codecs/kollect/index.ts'
import { EnvelopeSchema } from '../../src/codecs/kollect/generated/kollect/event/v1/event_pb.ts'
import { reducedChange } from '../../src/model/kubernetes.ts'
import { anyChanges } from '../../test/kit/changes.ts'
import { consumeKollect, type Delivery, type KollectHandlers } from './index.ts'

const id = 'ac3153e2-e9e2-4330-9bbf-52a79fb11214'
const changes = anyChanges(5, 3, 'c1')
const envelopes = changes.map((change) => encodeEnvelope({ id, time: 0, change, fields: 'all' }))
const unknown = toBinary(
  EnvelopeSchema,
  create(EnvelopeSchema, {
    id,
    payload: {
      $typeName: 'google.protobuf.Any',
      typeUrl: 'type.googleapis.com/example.Later',
      value: new Uint8Array([1]),
    },
  }),
)

/** What became of each message, by its place. */
async function consumed(
  messages: readonly Uint8Array[],
  handlers: KollectHandlers,
): Promise<{ answers: string[]; counts: object }> {
  const answers: string[] = []
  async function* deliveries(): AsyncGenerator<Delivery> {
    for (const [index, data] of messages.entries()) {
      await Promise.resolve()
      yield {
        data,
        ack: () => void answers.push(`${index} ack`),
        nak: (ms) => void answers.push(`${index} nak ${ms}`),
        term: () => void answers.push(`${index} term`),
      }
    }
  }
  return { counts: await consumeKollect(deliveries(), handlers, { retryMs: 7 }), answers }
}

test('each handler gets cluster and objects in message order; acknowledgement follows the handler', async () => {
  const seen: unknown[] = []
  const { answers, counts } = await consumed(envelopes, {
    onCreated: (cluster, object) => void seen.push(['created', cluster, object]),
    onUpdated: async (cluster, before, after, { name }) => {
      await Promise.resolve()
      seen.push(['updated', cluster, before, after, name])
    },
    onDeleted: (cluster, uid, { state }) => void seen.push(['deleted', cluster, uid, state]),
  })
  const [created, updated, deleted] = changes
  expect(seen).toEqual([
    ['created', 'c1', created?.new],
    ['updated', 'c1', updated?.old, updated?.new, updated?.name],
    ['deleted', 'c1', deleted?.uid, deleted?.old],
  ])
  expect(answers).toEqual(['0 ack', '1 ack', '2 ack'])
  expect(counts).toEqual({ handled: 3, skipped: 0, malformed: 0, failed: 0 })
})

test('an update that was too large arrives as its patch', async () => {
  const [, updated = expect.unreachable('three changes')] = changes
  const small = encodeEnvelope({ id, time: 0, change: reducedChange(updated) ?? updated, fields: 'all' })
  const seen: unknown[] = []
  const { counts } = await consumed([small], {
    onUpdated: () => void seen.push('whole'),
    onPatched: (cluster, patch, { name, resourceVersion }) => void seen.push([cluster, patch, name, resourceVersion]),
  })
  expect(seen).toEqual([['c1', updated.patch, updated.name, updated.resourceVersion]])
  expect(counts).toMatchObject({ handled: 1 })
})

test('messages of unknown types and those without a handler are acknowledged and skipped', async () => {
  const { answers, counts } = await consumed([unknown, ...envelopes], { onDeleted: () => {} })
  expect(answers).toEqual(['0 ack', '1 ack', '2 ack', '3 ack'])
  expect(counts).toEqual({ handled: 1, skipped: 3, malformed: 0, failed: 0 })
})

test('a failed handler causes redelivery, a message without an envelope does not; the loop continues', async () => {
  const received: string[] = []
  const { answers, counts } = await consumed([new Uint8Array([1, 2, 3]), ...envelopes], {
    onCreated: () => {
      throw new Error('not now')
    },
    onUpdated: () => Promise.reject(new Error('not now either')),
    onDeleted: () => void received.push('deleted'),
    onMalformed: (_error, data) => void received.push(`malformed ${data.length}`),
    onFailed: (error, { payload }) => void received.push(`${payload.is}: ${String(error)}`),
  })
  expect(answers).toEqual(['0 term', '1 nak 7', '2 nak 7', '3 ack'])
  expect(received).toEqual(['malformed 3', 'created: Error: not now', 'updated: Error: not now either', 'deleted'])
  expect(counts).toEqual({ handled: 1, skipped: 0, malformed: 1, failed: 2 })
})

test('a bus that waits for no answer is read, too', async () => {
  async function* bare(): AsyncGenerator<Delivery> {
    await Promise.resolve()
    for (const data of [...envelopes, new Uint8Array([9])]) yield { data }
  }
  expect(await consumeKollect(bare(), { onCreated: () => {} })).toEqual({
    handled: 1,
    skipped: 2,
    malformed: 1,
    failed: 0,
  })
})
