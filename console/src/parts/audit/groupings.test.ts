import { expect, test } from 'vitest'
import { facetName, groupings } from './groupings.ts'

test('a field has the name of its column in the table', () => {
  expect(groupings.map(facetName)).toEqual(['outcome', 'service', 'actor', 'tenant', 'region'])
})
