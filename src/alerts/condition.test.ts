import { expect, test } from 'vitest'
import { holds, readCondition } from './condition.ts'
import { fill, templateProblem, valueText } from './template.ts'

const rate = { unit: 'By', perSecond: true }

test.each([
  ['> 10 MB/s', rate, { operator: '>', threshold: 10_000_000 }],
  ['>=1MiB/s', rate, { operator: '>=', threshold: 1_048_576 }],
  ['> 80 Mbit/s', rate, { operator: '>', threshold: 10_000_000 }],
  ['< 1', rate, { operator: '<', threshold: 1 }],
  ['> 10ms', { unit: 'ns', perSecond: false }, { operator: '>', threshold: 10_000_000 }],
  ['= 2.5k', { unit: '', perSecond: false }, { operator: '=', threshold: 2500 }],
])('reads %s', (text, unit, condition) => {
  expect(readCondition(text, unit)).toEqual(condition)
})

test.each([
  ['10 MB', rate, /not a condition/],
  ['> 10 MB/s', { unit: 'By', perSecond: false }, /no rate/],
  ['> 10 MB', { unit: '{flow}', perSecond: false }, /bytes/],
  ['> 10 Mbit', { unit: '', perSecond: false }, /not in bytes/],
  ['> 10 apples', rate, /not a number/],
])('refuses %s', (text, unit, message) => {
  expect(readCondition(text, unit)).toMatch(message)
})

test('compares', () => {
  const at = (operator: '>' | '>=' | '<' | '<=' | '=') =>
    [1, 2, 3].map((value) => holds({ operator, threshold: 2 }, value))
  expect(at('>')).toEqual([false, false, true])
  expect(at('>=')).toEqual([false, true, true])
  expect(at('<')).toEqual([true, false, false])
  expect(at('<=')).toEqual([true, true, false])
  expect(at('=')).toEqual([false, true, false])
})

test('values are inserted once, and unknown placeholders are refused', () => {
  const facts = {
    rule: 'r',
    severity: 'info',
    condition: '> 1',
    value: '{{rule}}',
    number: '2',
    labels: { ns: '$& <b>' },
  }
  expect(fill('{{ value }} {{labels.ns}} {{labels.none}}', facts)).toBe('{{rule}} $& <b> ')
  expect(templateProblem('{{labels.ns}} {{value}}', ['ns'])).toBeUndefined()
  expect(templateProblem('{{labels.other}}', ['ns'])).toMatch(/labels.other.* is not available/)
  expect(templateProblem('{{valeu}}', undefined)).toMatch(/not available/)
  expect(templateProblem('{{#if}}', undefined)).toMatch(/a placeholder is/)
})

test.each([
  [12_345_678, 'By', true, '12.3 MB/s'],
  [0, 'By', true, '0 B/s'],
  [1500, '{flow}', true, '1.5 k/s'],
  [3, '{flow}', false, '3'],
  [12_000_000, 'ns', false, '12 ms'],
  [null, 'By', true, 'no data'],
])('%s %s is readable', (value, unit, perSecond, text) => {
  expect(valueText(value, { unit, perSecond })).toBe(text)
})
