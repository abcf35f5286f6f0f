import { expect, test } from 'vitest'
import { flowNames, readFilter } from '../../../../src/query/index.ts'
import { andFilter, literal, writtenBefore } from './filter-text.ts'

test('what a click adds is a filter that the server takes, whatever the value has in it', () => {
  for (const value of ['shop', 'a "b" \\ c', 443, true, '10.0.0.1', 'netflow:1:2:3']) {
    const written = andFilter('src_port = 1 or dst_port = 2', `src_name = ${literal(value)}`)
    expect(written).toMatch(/^\(src_port = 1 or dst_port = 2\) and src_name = /)
    if (typeof value === 'string') expect(() => readFilter(written, flowNames), written).not.toThrow()
  }
  expect(andFilter('', 'a = 1')).toBe('a = 1')
  expect(andFilter('b = 2', 'a = 1')).toBe('b = 2 and a = 1')
})

test('the word before the caret is a field, or a value of one', () => {
  const at = (text: string): unknown => writtenBefore(text, text.length)
  expect(at('')).toEqual({ from: 0, word: '', field: undefined })
  expect(at('src.n')).toEqual({ from: 0, word: 'src.n', field: undefined })
  expect(at('bytes > 1 and (ds')).toEqual({ from: 15, word: 'ds', field: undefined })
  expect(at('src.ns = ')).toEqual({ from: 9, word: '', field: 'src.ns' })
  expect(at('src.ns = "sh')).toEqual({ from: 9, word: 'sh', field: 'src.ns' })
  expect(at('dst_port in (443, 80')).toEqual({ from: 18, word: '80', field: 'dst_port' })
  expect(at('bytes > 1 ')).toBeUndefined()
})
