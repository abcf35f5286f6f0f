import { expect, test } from 'vitest'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { troubleOf } from './client-errors.ts'
import { pubsubSchema } from './config.ts'
import { toMessage } from './map.ts'

const message = { attributes: { id: '1', source: '/s' }, facts: { type: 'a' }, contentType: 'text/plain', body: Buffer.from('x'), id: 'an-id', key: 'k' }

test('attributes have CloudEvents\' names, facts and id their own', () => {
  expect(toMessage(message)).toMatchObject({ orderingKey: 'k', attributes: { 'ce-id': '1', 'ce-source': '/s', type: 'a', id: 'an-id', 'Content-Type': 'text/plain' } })
})

test('a key that is too long is hashed, none is the empty one', () => {
  expect(toMessage({ ...message, key: 'ü'.repeat(513) }).orderingKey).toMatch(/^[\w-]{43}$/)
  expect(toMessage({ ...message, key: undefined }).orderingKey).toBe('')
})

test('what no message can hold is told, with its key', () => {
  expect(toMessage({ ...message, facts: { type: 'x'.repeat(1025) } })).toEqual({ problem: expect.stringContaining('has 1025 bytes'), orderingKey: 'k' })
  expect(toMessage({ ...message, attributes: Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`a${index}`, 'x'])) })).toEqual({ problem: expect.stringContaining('Pub/Sub takes 100'), orderingKey: 'k' })
})

test.each([
  [5, false, 'does not exist'], [7, true, 'roles/pubsub.publisher'], [16, true, 'correct `auth`'], [8, false, 'to be slower'], [14, false, 'can\'t be reached'], [4, false, 'in time'],
])('code %i is tried again, credentials read again: %s, and says %s', (code, login, words) => {
  const trouble = troubleOf(Object.assign(new Error('why'), { code }), 'projects/p/topics/t')
  expect(trouble).toMatchObject({ login, blame: false, attempt: { is: 'retry', away: true, reason: expect.stringContaining(words) } })
})

test.each<[Partial<WrittenConfigOf<typeof pubsubSchema>>, string]>([
  [{ topic: 'weir' }, 'projects/my-project/topics/weir'],
  [{ endpoint: 'europe-west3-pubsub.googleapis.com:443', emulator: '127.0.0.1:8085' }, 'leave out `endpoint` or `emulator`'],
  [{ codec: 'kollect', mode: 'structured' }, 'set `mode: raw`'],
])('the settings %j are refused: %s', (written, complaint) => {
  expect(() => configFrom(pubsubSchema, { topic: 'projects/p1/topics/weir', ...written })).toThrow(complaint)
})
