import { describe, expect, it } from 'vitest'
import { configFrom } from '../../schema/index.ts'
import { redactSchema } from './config.ts'
import { redactStep } from './step.ts'

const step = redactStep(configFrom(redactSchema, { fields: ['user.password', 'items.*.token'] }))
const event = (data: string) => ({
  id: '1',
  source: '/s',
  type: 't',
  encoding: 'json' as const,
  data: new TextEncoder().encode(data),
})
const dataOf = (data: string): string => {
  const outcome = step.apply(event(data))
  return outcome.is === 'pass' ? new TextDecoder().decode(outcome.event.data) : outcome.reason
}

describe('redact', () => {
  it('replaces values at a path and under a star', () => {
    expect(dataOf('{"user":{"name":"a","password":"b"},"items":[{"token":1},{"x":2}]}')).toBe(
      '{"user":{"name":"a","password":"[redacted]"},"items":[{"token":"[redacted]"},{"x":2}]}',
    )
  })
  it('keeps every digit of the numbers it passes', () => {
    expect(dataOf('{"user":{"password":1},"n":12345678901234567890.125}')).toBe(
      '{"user":{"password":"[redacted]"},"n":12345678901234567890.125}',
    )
  })
  it('passes events untouched when nothing is there to replace', () => {
    const given = event('{ "a" : 1 }')
    expect(step.apply(given)).toEqual({ is: 'pass', event: given })
  })
  it('refuses data that is declared as JSON and is none', () => {
    expect(step.apply(event('{'))).toEqual({ is: 'reject', reason: 'the data is declared as JSON but does not parse' })
  })
})
