import { expect, test } from 'vitest'
import { notTold, valueText } from './values.ts'

test('a value of the filter is said in words', () => {
  expect([valueText('!user:d/a'), valueText(notTold), valueText('login')]).toEqual(['not d/a', 'not told', 'login'])
})
