import { expect, test } from 'vitest'
import { decodeBatch, encodeBatch } from '../../journal/bodies.ts'
import { eventAt, toEventBatch, type WeirEvent } from '../../model/events.ts'
import type { StoredDeadLetter } from './dead-letters.ts'
import { describeDeadLetter } from './describe.ts'
import { editedBody } from './edit.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

function letterOf(event: Partial<WeirEvent>): StoredDeadLetter {
  const body = encodeBatch(toEventBatch([{ id: 'a', source: '/s', type: 't', encoding: 'none', ...event }]))
  return {
    id: 'http:1:2:0',
    source: 'http',
    kind: 'events',
    epoch: 1,
    sourceSequence: 2,
    row: 0,
    sequence: 2,
    received: 0,
    time: 0,
    reason: '',
    attempts: 1,
    body: Buffer.from(body).toString('base64'),
    state: 'open',
  }
}

/** As it would be delivered after the change. */
function edited(event: Partial<WeirEvent>, change: object): WeirEvent & { readonly text: string } {
  const letter = letterOf(event)
  const batch = decodeBatch(
    'events',
    editedBody(letter, { ...(describeDeadLetter('out', letter).body as object), ...change }),
  )
  if (batch.kind !== 'events') throw new Error('no events')
  const found = eventAt(batch, 0)
  return { ...found, text: new TextDecoder().decode(found.data) }
}

const whole: Partial<WeirEvent> = {
  subject: 'x',
  time: 1_700_000_000_123,
  datacontenttype: 'application/json',
  dataschema: 'https://example.com/s',
  extensions: { partitionkey: 'p', n: 1, yes: true },
  family: 'audit',
  key: 'k',
  ref: 'user:i/n',
  encoding: 'json',
  data: bytes('{"a":[1,2]}'),
}

test('unchanged fields are delivered unchanged', () => {
  const { text, ...event } = edited(whole, {})
  expect(text).toBe('{"a":[1,2]}')
  expect(event).toMatchObject({ ...whole, data: expect.anything() as unknown, id: 'a', source: '/s', type: 't' })
})

test('data keeps its form: text stays text, bytes stay bytes, and JSON that was none can be mended', () => {
  expect(edited({ encoding: 'text', data: bytes('{"a"') }, { data: '{"b"' })).toMatchObject({
    encoding: 'text',
    text: '{"b"',
  })
  expect(edited({ encoding: 'binary', data: Uint8Array.of(255, 0) }, {})).toMatchObject({
    encoding: 'binary',
    data: Uint8Array.of(255, 0),
  })
  expect(edited({ encoding: 'json', data: bytes('{"a": ') }, { data: '{"a": 1}' })).toMatchObject({
    encoding: 'json',
    text: '{"a": 1}',
  })
  expect(edited({ encoding: 'json', data: bytes('"text"') }, { data: 'other' })).toMatchObject({
    encoding: 'json',
    text: '"other"',
  })
  expect(edited({ encoding: 'json', data: bytes('{}') }, { data: undefined })).toMatchObject({ encoding: 'none' })
})

test.each([
  [{ id: 'b' }, 'id and the source'],
  [{ source: '/other' }, 'id and the source'],
  [{ type: '' }, '`type`'],
  [{ subject: 5 }, '`subject`'],
  [{ time: 'soon' }, '`time`'],
  [{ family: 'nonsense' }, '`family`'],
  [{ extensions: { 'Not-A-Name': 1 } }, '`extensions`'],
  [{ extensions: [] }, '`extensions`'],
  [{ data_base64: '%%' }, '`data_base64`'],
  [{ data: 1, data_base64: 'AA==' }, 'not both'],
  [{ colour: 'red' }, '"colour"'],
])('an invalid edit is refused with the reason: %j', (change, part) => {
  expect(() => edited(whole, change)).toThrow(part)
})

test('a flow is not edited', () => {
  expect(() => editedBody({ ...letterOf({}), kind: 'flows' }, {})).toThrow('cannot be edited')
})
