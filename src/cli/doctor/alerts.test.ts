import { expect, test } from 'vitest'
import { alertFindings } from './alerts.ts'

test('doctor warns about rules that fail or have no data', () => {
  expect(alertFindings([])).toEqual([])
  expect(alertFindings([{ name: 'fine', state: 'firing' }])).toMatchObject([{ check: 'alerts' }])
  const found = alertFindings([
    { name: 'broken', state: 'failing', error: 'no table\nnowhere' },
    { name: 'silent', state: 'no_data' },
    { name: 'fine', state: 'inactive' },
  ])
  expect(found.map(({ check, fact }) => [check, fact])).toEqual([
    ['alert broken', 'no table nowhere'],
    ['alert silent', 'no data in its window'],
  ])
})
