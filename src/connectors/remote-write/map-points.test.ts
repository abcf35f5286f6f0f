import { expect, test } from 'vitest'
import { eventBatch } from '../../../test/conformance/batches.ts'
import type { WeirEvent } from '../../model/events.ts'
import { SampleNames, samplesIn } from './map-points.ts'

function point(name: string, labels: Readonly<Record<string, string>>): WeirEvent {
  const data = Buffer.from(JSON.stringify({ name, labels, fields: { value: 1 } }))
  return { id: name, source: '/feed', type: 'x', family: 'point', time: 1000, encoding: 'json', data }
}

function encoded(...events: readonly WeirEvent[]): string[] {
  return samplesIn(eventBatch(events, 't'), {}, () => {}, new SampleNames()).map((row) =>
    'is' in row
      ? row.reason
      : Buffer.from(row.bytes)
          .toString('latin1')
          .replaceAll(/[^\w;.]+/g, ' '),
  )
}

test('values of labels with equal names after replacement are joined', () => {
  const [text] = encoded(point('coll', { 'a b': '1', a_b: '2', c: '3' }))
  expect(text).toContain('a_b 1;2')
  expect(text).toContain('c 3')
})

test('a point with the name of another one after replacement is refused with both names', () => {
  const [first, second, third] = encoded(point('coll.x', {}), point('coll_x', {}), point('coll.x', { z: '1' }))
  expect(first).toContain('coll_x')
  expect(second).toBe('its name becomes coll_x, as that of coll.x does')
  expect(third).toContain('coll_x')
})
