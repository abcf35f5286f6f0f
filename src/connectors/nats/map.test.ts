import fc from 'fast-check'
import { expect, test } from 'vitest'
import { busMessage } from '../../codecs/bus-message/index.ts'
import { noFlows, sinkRows, type SinkRow } from '../../engine/delivery/rows.ts'
import type { WeirEvent } from '../../model/events.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { eventBatch, flowBatch, numberedEvents } from '../../../test/conformance/batches.ts'
import { natsSchema } from './config.ts'
import { subjectOf, wildcardOf } from './map-subject.ts'
import { toMessage } from './map.ts'

const row = (event: WeirEvent): SinkRow => {
  const [found] = sinkRows(eventBatch([event], 't'), noFlows)
  if (found === undefined) throw new Error('no row')
  return found
}
const message = (of: SinkRow) => toMessage(busMessage(of, of.event, 'binary'), 's')
const event: WeirEvent = { id: '1', source: '/s', type: 'com.github.push', family: 'audit', encoding: 'none' }

test.each([
  ['weir.{family}.{type}', {}, 'weir.audit.com_github_push'],
  ['weir.{family}.{type}', { type: '*.> \n$SYS' }, 'weir.audit.______SYS'],
  [
    '{key}.{subject}.{ref}',
    { key: 'a b', subject: 'ü', ref: 'k8s:c/apps/Deployment/ns/web' },
    'a_b._.k8s:c/apps/Deployment/ns/web',
  ],
  ['x-{source}-y', { source: '//host.example/p' }, 'x-//host_example/p-y'],
  ['fixed.subject', {}, 'fixed.subject'],
  ['{subject}', {}, '_'],
])('the template %s with %j yields the subject %s', (template, more, subject) => {
  expect(subjectOf(template)(row({ ...event, ...more }))).toBe(subject)
})

test('any subject has the tokens of the template and no wildcard', () => {
  const make = subjectOf('weir.{family}.{type}.{subject}.end')
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'binary' }), fc.string({ unit: 'binary' }), (type, subject) => {
      const made = make(row({ ...event, type, subject }))
      expect(made.split('.')).toHaveLength(5)
      expect(made).toMatch(/^weir\.audit\.[\w:/@=+-]+\.[\w:/@=+-]+\.end$/)
      expect(made.length).toBeLessThan(300)
    }),
  )
})

test.each([
  ['weir.{family}.{type}', 'weir.>'],
  ['a.b.x-{key}.c', 'a.b.>'],
  ['a.b', 'a.b'],
])('the stream of %s listens to %s', (template, wildcard) => {
  expect(wildcardOf(template)).toBe(wildcard)
})

test('a message id depends only on source and id, and on their boundary', () => {
  const id = (more: Partial<WeirEvent>): string => message(row({ ...event, ...more })).messageId
  expect(id({ type: 'other', data: Buffer.from('x'), encoding: 'binary' })).toBe(id({}))
  expect(
    new Set([
      id({}),
      id({ id: '2' }),
      id({ source: '/t' }),
      id({ source: '/s1', id: '' }),
      id({ source: '/s', id: '11' }),
      id({ source: '/', id: 's1' }),
    ]).size,
  ).toBe(6)
})

test('a flow’s message id is its stable id', () => {
  const { batch, ids } = flowBatch(3, 't')
  expect([...sinkRows(batch, noFlows)].map((one) => message(one).messageId)).toEqual(ids)
})

test('an event with a content type that is no valid header is rejected', () => {
  const [one] = numberedEvents(1, 'e')
  expect(() => message(row({ ...one!, datacontenttype: 'a/b\r\nEvil: 1' }))).toThrow("can't be a header")
})

test.each<[Partial<WrittenConfigOf<typeof natsSchema>>, string]>([
  [{ subject: 'weir.{what}' }, '`{what}` is not a placeholder of a subject'],
  [{ subject: 'weir.*' }, 'is not a subject to publish to'],
  [{ subject: 'weir..x' }, 'is not a subject to publish to'],
  [{ subject: 'weir x' }, 'is not a subject to publish to'],
  [{ create_stream: true }, 'add `stream: WEIR`'],
  [{ create_stream: true, stream: 'W', subject: '{type}' }, 'a stream for every subject cannot be created'],
  [{ stream: 'a.b' }, 'a name without spaces'],
  [{ oversize: 'patch-only', codec: 'kollect', kollect_fields: 'original' }, 'cannot hold a patch'],
  [{ url: 'http://x' }, 'a URL that starts with nats://'],
])('the settings %j are rejected: %s', (written, message) => {
  expect(() => configFrom(natsSchema, { url: 'nats://127.0.0.1:4222', ...written })).toThrow(message)
})
