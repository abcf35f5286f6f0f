import { expect, it } from 'vitest'
import { eventBatch, numberedEvents, testContext } from '../../test/conformance/batches.ts'
import type { Attempt } from '../engine/delivery/in-order.ts'
import { eachMessageSink, manyMessagesSink, type EachClient, type OutMessage } from './message-sink.ts'

const config = {
  codec: 'json',
  tcp_flags: 'number',
  kollect_fields: 'all',
  mode: 'binary',
  oversize: 'dead-letter',
  part_size: 1024,
  claims: null,
  concurrency: 4,
  timeout: 1000,
} as const
const never = new AbortController().signal

it('messages without a key are sent in concurrent slices, those with a key together and in order', async () => {
  const came: string[][] = []
  const open: (() => void)[] = []
  const sink = await manyMessagesSink(config, testContext(), {
    slice: 2,
    ready: () => Promise.resolve(undefined),
    write: (message: OutMessage) => message,
    show: ({ body }) => ({ body }),
    probe: () => Promise.resolve({ is: 'ok', message: 'there' }),
    close: () => Promise.resolve(),
    async publishAll(messages): Promise<readonly Attempt[]> {
      came.push(messages.map(({ row }) => row.event.id))
      await new Promise<void>((resolve) => {
        open.push(resolve)
      })
      if (messages.some(({ row }) => row.event.id === 'e2')) throw new Error('nobody foresaw it')
      return messages.map(() => undefined)
    },
  })
  const events = numberedEvents(8, 'e').map(({ key: _, ...event }, index) =>
    index % 4 === 1 ? { ...event, key: 'k' } : event,
  )
  const sent = sink.send(eventBatch(events, 't'), never)
  await expect
    .poll(() => came)
    .toEqual([
      ['e0', 'e2'],
      ['e3', 'e4'],
      ['e6', 'e7'],
      ['e1', 'e5'],
    ])
  for (const settle of open) settle()
  expect(await sent).toEqual([0, 2].map((index) => ({ index, is: 'retry', reason: 'nobody foresaw it' })))
})

it('the preview includes rows that the bus cannot represent', async () => {
  const client: EachClient<OutMessage> = {
    ready: () => Promise.resolve(undefined),
    publish: () => Promise.resolve(undefined),
    write(message) {
      if (message.row.event.id === 'e1') throw new Error("its content type can't be a header")
      return message
    },
    show: ({ body }) => ({ body }),
    probe: () => Promise.resolve({ is: 'ok', message: 'there' }),
    close: () => Promise.resolve(),
  }
  const sink = await eachMessageSink(config, testContext(), client)
  const previews = [...(sink.preview?.(eventBatch(numberedEvents(3, 'e'), 't')) ?? [])]
  expect(previews.map((one) => ('problem' in one ? one.problem : Buffer.from(one.body).toString()))).toEqual([
    '{"number":0}',
    "the message cannot be encoded: its content type can't be a header",
    '{"number":2}',
  ])
})
