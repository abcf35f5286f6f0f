import { expect, it } from 'vitest'
import { eventBatch, numberedEvents, testContext } from '../../test/conformance/batches.ts'
import { eachMessageSink, type EachClient } from './message-sink.ts'

it('who looks is told what the bus has no place for, beside what it has', async () => {
  const client: EachClient = {
    ready: () => Promise.resolve(undefined),
    publish: () => Promise.resolve(undefined),
    show({ row, body }) {
      if (row.event.id === 'e1') throw new Error('its content type can\'t be a header')
      return { body }
    },
    probe: () => Promise.resolve({ is: 'ok', says: 'there' }),
    close: () => Promise.resolve(),
  }
  const config = { codec: 'json', tcp_flags: 'number', kollect_fields: 'all', mode: 'binary', oversize: 'dead-letter', part_size: 1024, claims: null, concurrency: 4, timeout: 1000 } as const
  const sink = await eachMessageSink(config, testContext(), client)
  const told = [...(sink.preview?.(eventBatch(numberedEvents(3, 'e'), 't')) ?? [])]
  expect(told.map((one) => ('problem' in one ? one.problem : Buffer.from(one.body).toString()))).toEqual(['{"number":0}', 'can\'t be written as a message: its content type can\'t be a header', '{"number":2}'])
})
