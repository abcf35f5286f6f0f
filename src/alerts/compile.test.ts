import { expect, test } from 'vitest'
import { compileRule, isProblem } from './compile.ts'
import type { WrittenRule } from './settings.ts'
import { usualRule } from './testing/rule.ts'

const usual: WrittenRule = {
  ...usualRule,
  on: 'flows',
  window: 300_000,
  condition: '> 1',
  every: 60_000,
}

test('defaults are rates of bytes, and counts of other rows', () => {
  expect(compileRule('a', usual)).toMatchObject({ aggregate: { is: 'bytes' }, perSecond: true, unit: 'By' })
  expect(compileRule('a', { ...usual, on: 'changes' })).toMatchObject({ aggregate: { is: 'count' }, perSecond: false })
  expect(compileRule('a', { ...usual, on: 'events', measure: 'avg(/a~1b/c)' })).toMatchObject({
    aggregate: { is: 'stat', stat: 'avg', of: ['a/b', 'c'] },
  })
})

test.each<[string, Partial<WrittenRule>, string, RegExp]>([
  ['a filter', { filter: 'src.nss = a' }, 'filter', /src.nss/],
  ['a measure', { measure: 'byte/s' }, 'measure', /did you mean `bytes\/s`/],
  ['a function', { measure: 'p91(rtt)' }, 'measure', /did you mean `p9/],
  ['a field of a function', { measure: 'avg(rttt)' }, 'measure', /did you mean/],
  ['a text', { measure: 'avg(src_namespace)' }, 'measure', /no numbers/],
  ['a group', { by: ['src_namespcae'] }, 'by.0', /did you mean `src_namespace`/],
  ['no condition', { condition: null }, 'condition', /is missing/],
  ['a condition', { condition: '10 MB' }, 'condition', /not a condition/],
  ['a value in a label', { labels: { v: '{{value}}' } }, 'labels.v', /not available/],
  ['a reserved label', { labels: { severity: 'high' } }, 'labels.severity', /can't be a label/],
  ['an annotation', { annotations: { a: '{{labels.ns}}' } }, 'annotations.a', /not available/],
  ['both forms', { sql: 'SELECT 1', filter: 'bytes > 1' }, 'filter', /remove one/],
])('refuses %s', (_, written, path, message) => {
  const rule = compileRule('a', { ...usual, ...written })
  if (!isProblem(rule)) throw new Error('it was accepted')
  expect(rule.path.join('.')).toBe(path)
  expect(`${rule.message} ${rule.hint ?? ''}`).toMatch(message)
})
