import { expect, test } from 'vitest'
import { flowNames, readFilter } from '../../../src/query/index.ts'
import {
  allOf,
  andFilter,
  conditionFor,
  conditionWithout,
  literal,
  ofEitherEnd,
  conditionBefore,
  writtenBefore,
} from './filter-text.ts'

test('a condition from a click is a valid filter for any value', () => {
  for (const value of ['shop', 'a "b" \\ c', 443, true, '10.0.0.1', 'netflow:1:2:3']) {
    const written = andFilter('src_port = 1 or dst_port = 2', `src_name = ${literal(value)}`)
    expect(written).toMatch(/^\(src_port = 1 or dst_port = 2\) and src_name = /)
    if (typeof value === 'string') expect(() => readFilter(written, flowNames), written).not.toThrow()
  }
  expect(andFilter('', 'a = 1')).toBe('a = 1')
  expect(andFilter('b = 2', 'a = 1')).toBe('b = 2 and a = 1')
})

test('combined filters are equivalent to their conjunction', () => {
  expect(allOf(['', ' '])).toBe('')
  expect(allOf(['a = 1 or b = 2', '', 'c = 3', 'd = 4 OR e = 5'])).toBe(
    '(a = 1 or b = 2) and c = 3 and (d = 4 OR e = 5)',
  )
  expect(andFilter('a = 1 and b = 2', 'a = 1')).toBe('a = 1 and b = 2')
  expect(andFilter('a = 10', 'a = 1')).toBe('a = 10 and a = 1')
  expect(andFilter('b = 2 or c = 3 and a = 1', 'a = 1')).toBe('(b = 2 or c = 3 and a = 1) and a = 1')
  expect(andFilter('n = "x and a = 1 and y"', 'a = 1')).toBe('n = "x and a = 1 and y" and a = 1')
})

test('a value, also null, can be included, excluded or required at either end', () => {
  const all = [
    conditionFor('src_port', 443),
    conditionWithout('src_port', 443),
    conditionFor('dst_name', null),
    conditionWithout('dst_name', undefined),
    `${ofEitherEnd('src_port')} = 1`,
    `${ofEitherEnd('xlat_dst_addr')} = 10.0.0.1`,
  ]
  expect(all).toEqual([
    'src_port = 443',
    'src_port != 443',
    'not exists(dst_name)',
    'exists(dst_name)',
    'any.port = 1',
    'any.xlat_addr = 10.0.0.1',
  ])
  for (const written of all) expect(() => readFilter(written, flowNames), written).not.toThrow()
  expect(ofEitherEnd('bytes')).toBeUndefined()
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
  expect(at('10.20.1.21:54')).toEqual({ from: 0, word: '10.20.1.21:54', field: undefined })
  expect(at('not [fd00::1]:4')).toEqual({ from: 4, word: '[fd00::1]:4', field: undefined })
})

test('values are completed among the flows that match the preceding conditions', () => {
  const at = (text: string): string => conditionBefore(text, text.length)
  expect(at('src.ns = shop')).toBe('')
  expect(at('src.ns = shop and dst.name = re')).toBe('src.ns = shop')
  expect(at('src.ns = shop and (dst.port = 1 or dst.port = 2) and not bytes > ')).toBe(
    'src.ns = shop and (dst.port = 1 or dst.port = 2)',
  )
  expect(at('src.name = "a or (b" and ds')).toBe('src.name = "a or (b"')
  expect(at('src.ns = shop or dst.ns = shop and dst.name = re')).toBe('')
  expect(at('(src.ns = shop and dst.name = re')).toBe('')
})
