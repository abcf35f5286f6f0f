import { expect, test } from 'vitest'
import { noValue, valueText } from './values.ts'

test('a filter value has a readable text', () => {
  expect([valueText('!user:d/a'), valueText(noValue), valueText('login')]).toEqual(['not d/a', 'unknown', 'login'])
})
