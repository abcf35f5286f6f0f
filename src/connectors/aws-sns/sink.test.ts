import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventBatch, testContext } from '../../../test/conformance/batches.ts'
import { deliverAll, settle } from '../../../test/conformance/deliver.ts'
import { auth, type AwsServer } from '../../../test/kit/aws-server.ts'
import { startFauxqs } from '../../../test/kit/fauxqs.ts'
import type { Sink } from '../../engine/contracts.ts'
import type { WeirEvent } from '../../model/events.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { snsSchema } from './config.ts'
import { sink as sns } from './sink.ts'

const never = new AbortController().signal
const event: WeirEvent = {
  id: '1',
  source: '/s',
  type: 'com.example.a',
  family: 'audit',
  key: 'k',
  encoding: 'json',
  datacontenttype: 'application/json',
  data: Buffer.from('{"a":1}'),
}

let server: AwsServer

beforeAll(async () => {
  server = await startFauxqs()
})
afterAll(() => server.close())

async function sinkTo(
  name: string,
  raw: boolean,
  more: Partial<WrittenConfigOf<typeof snsSchema>> = {},
): Promise<Sink> {
  await server.makeQueue(name)
  return sns.build(
    configFrom(snsSchema, {
      topic_arn: await server.makeTopic(name, raw),
      endpoint: server.url,
      auth,
      timeout: '5s',
      ...more,
    }),
    testContext(),
  )
}

test('a queue with raw delivery gets one CloudEvent in JSON, its attributes and its group', async () => {
  const sink = await sinkTo('plain.fifo', true)
  await deliverAll(sink, [event])
  const [message] = await server.take('plain.fifo')
  expect(JSON.parse(message?.Body ?? '')).toMatchObject({ specversion: '1.0', id: '1', source: '/s', data: { a: 1 } })
  expect(message?.MessageAttributes).toMatchObject({
    type: { StringValue: 'com.example.a' },
    family: { StringValue: 'audit' },
  })
  expect(message?.Attributes).toMatchObject({ MessageGroupId: 'k' })
  await sink.close()
})

test('a queue without raw delivery gets bytes in the envelope of SNS, marked as base64', async () => {
  const sink = await sinkTo('wrapped', false, { mode: 'raw' })
  await deliverAll(sink, [
    { ...event, encoding: 'binary', datacontenttype: 'application/octet-stream', data: Buffer.from([0xff, 0, 1]) },
  ])
  const [message] = await server.take('wrapped')
  expect(JSON.parse(message?.Body ?? '')).toMatchObject({
    Type: 'Notification',
    Message: Buffer.from([0xff, 0, 1]).toString('base64'),
    MessageAttributes: { base64encoded: { Type: 'String', Value: 'true' } },
  })
  await sink.close()
})

test('a rejected login is reported and retried, and nothing is lost', async () => {
  const sink = await sinkTo('login', true)
  server.answer({ status: 403, code: 'InvalidClientTokenId' })
  expect((await settle(sink, eventBatch([event], 't'), never)).failures).toMatchObject([
    { is: 'retry', reason: expect.stringContaining('AWS rejected the login') },
  ])
  server.answer({ status: 403, code: 'AuthorizationError' })
  expect((await settle(sink, eventBatch([event], 't'), never)).failures).toMatchObject([
    { is: 'retry', reason: expect.stringContaining('allow sns:Publish') },
  ])
  server.answer({ status: 400, code: 'Throttled' })
  expect((await settle(sink, eventBatch([event], 't'), never)).failures).toMatchObject([
    { is: 'retry', reason: expect.stringContaining('throttles requests'), afterMs: 1000 },
  ])
  server.answer(undefined)
  await deliverAll(sink, [event])
  expect(await server.take('login')).toHaveLength(1)
  await sink.close()
})

test.each<[Partial<WrittenConfigOf<typeof snsSchema>>, string]>([
  [{ topic_arn: 'weir' }, 'the ARN of a topic'],
  [{ mode: 'binary' }, 'supports ten attributes'],
  [{ codec: 'kollect' }, 'set `mode: raw`'],
])('the settings %j are rejected: %s', (written, complaint) => {
  expect(() => configFrom(snsSchema, { topic_arn: 'arn:aws:sns:eu-central-1:1:t', ...written })).toThrow(complaint)
})
