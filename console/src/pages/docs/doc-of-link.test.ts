import { expect, test } from 'vitest'
import { docAnchor } from '../../parts/doc-anchor.ts'
import { docOfLink } from './doc-of-link.ts'

test('links between documents stay in the console', () => {
  expect(docOfLink('../explain/query.md#names', 'guide/console')).toEqual({ page: 'explain/query', hash: 'names' })
  expect(docOfLink('kubernetes.md', 'guide/console')).toEqual({ page: 'guide/kubernetes', hash: '' })
  expect(docOfLink('#keys', 'guide/console')).toEqual({ page: 'guide/console', hash: 'keys' })
  expect(docOfLink('https://example.com/a.md', 'guide/console')).toBeUndefined()
  expect(docOfLink('../../examples/', 'guide/console')).toBeUndefined()
  expect(docAnchor('Zones, layer and cluster of flows')).toBe('zones-layer-and-cluster-of-flows')
})
