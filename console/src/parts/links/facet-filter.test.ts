import { expect, test } from 'vitest'
import { facetFilter } from './facet-filter.ts'

test('the text and chosen values are one filter, and an alternative in the text stays together', () => {
  expect(facetFilter('', {})).toBe('')
  expect(facetFilter(' kind = Pod ', { namespace: [] })).toBe('kind = Pod')
  expect(facetFilter('kind = Pod or kind = Job', { namespace: ['shop', 'data base'], operation: ['deleted'] })).toBe(
    '(kind = Pod or kind = Job) and namespace in ("shop", "data base") and operation in ("deleted")',
  )
})
