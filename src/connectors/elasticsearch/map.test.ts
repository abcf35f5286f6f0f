import { expect, test } from 'vitest'
import { eventBatch } from '../../../test/conformance/batches.ts'
import type { WeirEvent } from '../../model/events.ts'
import { documentsOf } from './map.ts'

function documentOf(document: 'data' | 'telegraf', family: 'point' | 'event', data: object): object {
  const event: WeirEvent = {
    id: 'p',
    source: '/feed',
    type: 'x',
    family,
    time: Date.parse('2026-11-27T10:00:00Z'),
    datacontenttype: 'application/json',
    encoding: 'json',
    data: Buffer.from(JSON.stringify(data)),
  }
  const [found] = documentsOf({ index: 'i-%Y', document, id: 'event' })(eventBatch([event], 't'))
  if (found === undefined || !('source' in found)) throw new Error(JSON.stringify(found))
  return JSON.parse(Buffer.from(found.source).toString()) as object
}

test('the time of a document is that of its row, also if the data has `@timestamp`', () => {
  expect(documentOf('data', 'event', { '@timestamp': 'yesterday', '@timestamp_': 1, n: 2 })).toEqual({
    '@timestamp': '2026-11-27T10:00:00.000Z',
    '@timestamp_': 1,
    '@timestamp__': 'yesterday',
    n: 2,
  })
})

test.each(['tag', 'measurement_name', '@timestamp'])('a point `%s` replaces no other member', (name) => {
  expect(documentOf('telegraf', 'point', { name, labels: { a: 'b' }, fields: { v: 1 } })).toEqual({
    '@timestamp': '2026-11-27T10:00:00.000Z',
    measurement_name: name,
    tag: { a: 'b' },
    [`${name}_`]: { v: 1 },
  })
})
