import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EventCutter } from './event-stream.ts'

const text =
  ': hello\n\nevent: hello\ndata: {"a":1}\n\nevent: rows\nid: 7\ndata: {"b":"x: y"}\n\n: still here\n\n' +
  'event: stat\ndata: {}\n\n'

test('events are complete for any split of the bytes; comments are skipped', () => {
  const whole = new EventCutter().take(text)
  expect(whole).toEqual([
    { event: 'hello', id: '', data: '{"a":1}' },
    { event: 'rows', id: '7', data: '{"b":"x: y"}' },
    { event: 'stat', id: '', data: '{}' },
  ])
  fc.assert(
    fc.property(fc.array(fc.nat({ max: text.length })), (cuts) => {
      const cutter = new EventCutter()
      const places = [0, ...cuts.toSorted((a, b) => a - b), text.length]
      expect(places.slice(1).flatMap((end, index) => cutter.take(text.slice(places[index], end)))).toEqual(whole)
    }),
  )
})
