import { expect, test } from 'vitest'
import { inList, inWords, matching, placeIn } from './suggest.ts'

const at = (marked: string) => {
  const caret = marked.indexOf('|')
  return placeIn(marked.replace('|', ''), caret)
}

test.each([
  ['ra|', { is: 'name', word: 'ra', from: 0 }],
  ['sum(rate(weir_fl|[5m]))', { is: 'name', word: 'weir_fl', from: 9 }],
  ['sum(up{na|})', { is: 'label', word: 'na', metric: 'up' }],
  ['up{a="x", b|', { is: 'label', word: 'b', metric: 'up' }],
  ['up{namespace="sh|"}', { is: 'value', word: 'sh', metric: 'up', label: 'namespace' }],
  ['{app=~"a.*|', { is: 'value', word: 'a.*', metric: '', label: 'app' }],
  ['sum by (na|) (rate(weir_flows[5m]))', { is: 'label', word: 'na', metric: 'weir_flows' }],
  ['', { is: 'name', word: '', from: 0 }],
])('the place in %s', (marked, place) => {
  expect(marked === '' ? placeIn('', 0) : at(marked)).toMatchObject(place)
})

test('words that begin with the typed one precede those that contain it', () => {
  expect(matching(['xab', 'abc', 'c'], 'AB')).toEqual(['abc', 'xab'])
})

test('a list offers each value once', () => {
  expect(inList('src_port, dst', 13, ['src_port', 'dst_port', 'dst_addr'])).toEqual({
    from: 10,
    items: ['dst_port', 'dst_addr'],
  })
  expect(inList('src_port,', 9, ['src_port', 'dst_port']).items).toEqual(['dst_port'])
})

test('a statement offers nothing before a word begins', () => {
  expect(inWords('SELECT ', 7, ['flows']).items).toEqual([])
  expect(inWords('SELECT 1 FROM fl', 16, ['flows'])).toEqual({ from: 14, items: ['flows'] })
})
