import { expect, test } from 'vitest'
import { EventRows } from './event-rows.ts'
import { eventAt, toEventBatch, type WeirEvent } from './events.ts'

const events: readonly WeirEvent[] = [
  { id: 'a', source: '/s', type: 't', family: 'event', encoding: 'none' },
  {
    id: 'ä',
    source: '/s',
    type: 'u',
    family: 'point',
    subject: 'x',
    time: 5,
    datacontenttype: 'application/json',
    dataschema: 'http://schema',
    extensions: { n: 1 },
    key: 'k',
    ref: 'r',
    encoding: 'json',
    data: Buffer.from('{"ä":1}'),
  },
  { id: 'c', source: '/other', type: 't', family: 'event', encoding: 'binary', data: Buffer.of() },
]
const rowsOf = ({ count }: { readonly count: number }) => Array.from({ length: count }, (_, row) => row)
const plain = (event: WeirEvent) => ({ ...event, data: event.data && Buffer.from(event.data).toString('hex') })

test('rows have the values of the events, also beyond the first capacity', () => {
  const rows = new EventRows(1, 1)
  for (let round = 0; round < 40; round++) for (const event of events) rows.add(event)
  const batch = rows.batch()
  const expected = Array.from({ length: 40 }, () => events.map(plain)).flat()
  expect(rowsOf(batch).map((row) => plain(eventAt(batch, row)))).toEqual(expected)
  const other = toEventBatch(events)
  expect(rowsOf(other).map((row) => plain(eventAt(other, row)))).toEqual(events.map(plain))
})

test('bytes that are appended before a row are its data', () => {
  const rows = new EventRows()
  rows.data.utf8('{}')
  rows.row({ id: 'a', source: '/s', type: 't', encoding: 'json' })
  rows.row({ id: 'b', source: '/s', type: 't', encoding: 'none' })
  const batch = rows.batch()
  expect(Buffer.from(eventAt(batch, 0).data ?? []).toString()).toBe('{}')
  expect(eventAt(batch, 1).data).toBeUndefined()
})

test('a release frees the buffers', () => {
  const rows = new EventRows()
  for (const event of events) rows.add(event)
  const { bytes } = rows.batch().data
  rows.release()
  expect(bytes.length).toBe(0)
})
