import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bind, compileSql, flowNames, parse, print, written } from '../../../src/query/index.ts'
import { conditionsOf, inverted, replaced, termsOf, without } from './filter-chips.ts'
import { inserted } from './filter-text.ts'

const condition = fc.constantFrom(
  'dst_port = 443',
  'src.ns = "a and b"',
  'text ~ "(?i)x\\"y"',
  "dst_name = 'or'",
  'bytes > 1k',
  'proto in (6, 17)',
  'src_addr not in (10.0.0.0/8, fd00::/8)',
  'not dst_port = 53',
  'not (src_port = 1 or src_port = 2)',
  'not (src_port = 1 and bytes > 2)',
  '(src_port = 1 or not (bytes > 1 and bytes < 9))',
  'either(addr = 10.0.0.1 and port = 80)',
  'exists(src_name)',
  'not exists(dst_name)',
  'src_name not exists',
  'any.name !~ "^a$"',
  'src_port = dst_port',
)
const filter = fc
  .array(fc.tuple(condition, fc.constantFrom(' and ', '  AND ', ' and  ', ' or ')), { minLength: 1, maxLength: 5 })
  .map((parts) => parts.map(([each, joint], at) => (at === 0 ? each : joint + each)).join(''))

const sql = (text: string): string => compileSql(bind(parse(text, flowNames), flowNames))
const normal = (text: string): string => print(parse(text, flowNames), flowNames)

test('the conditions of a filter are its text, and joined they are the same filter', () => {
  fc.assert(
    fc.property(filter, (text) => {
      const conditions = conditionsOf(text)
      for (const { from, to, text: part } of conditions) expect(text.slice(from, to)).toBe(part)
      const joined = conditions.map(({ text: part }) => part).join(' and ')
      expect(normal(joined)).toBe(normal(text))
      const again = replaced(text, conditions[0]!, conditions[0]!.text)
      expect(again).toBe(text)
    }),
  )
})

test('an inverted condition selects the other rows, and inverted twice the same', () => {
  fc.assert(
    fc.property(filter, (text) => {
      for (const { text: part } of conditionsOf(text)) {
        const other = inverted(part)
        const negation = bind({ is: 'not', part: parse(part, flowNames) }, flowNames)
        expect(sql(other), `${part} → ${other}`).toBe(compileSql(negation))
        expect(sql(inverted(other))).toBe(sql(part))
      }
    }),
  )
})

test('a condition is removed, or inserted with the right joints', () => {
  const text = 'dst_port = 443 and bytes > 1k AND (a = 1 or b = 2)'
  const [first, , last] = conditionsOf(text)
  expect(without(text, first!)).toBe('bytes > 1k and (a = 1 or b = 2)')
  expect(without(text, last!)).toBe('dst_port = 443 and bytes > 1k')
  expect(inserted('', 0, 0, 'a = 1')).toBe('a = 1')
  expect(inserted('web', 0, 3, 'a = 1')).toBe('a = 1')
  expect(inserted('b = 2 web', 6, 9, 'a = 1')).toBe('b = 2 and a = 1')
  expect(inserted('b = 2 and not web', 14, 17, 'a = 1')).toBe('b = 2 and not a = 1')
  expect(inserted('(web) or b = 2', 1, 4, 'a = 1')).toBe('(a = 1) or b = 2')
  expect(inserted('web b = 2', 0, 3, 'a = 1')).toBe('a = 1 and b = 2')
})

test('a filter that cannot be divided is one condition', () => {
  expect(conditionsOf('  ')).toEqual([])
  for (const text of ['a = 1 or b = 2', 'a = "open and', '(a = 1 and b = 2', 'and a = 1', 'web db'])
    expect(conditionsOf(text).map((each) => each.text)).toEqual([text])
})

test('conditions from input without fields are shown in its terms', () => {
  const shown = (input: string): unknown => termsOf(written(input, flowNames))
  expect(shown('10.20.1.21')).toEqual({ is: 'address', end: 'any', value: '10.20.1.21', not: false })
  expect(shown('10.20.0.0/16')).toEqual({ is: 'address', end: 'any', value: '10.20.0.0/16', not: false })
  expect(shown('10.20.1.21:5432')).toEqual({ is: 'socket', end: 'any', value: '10.20.1.21:5432', not: false })
  expect(shown('[fd00::1]:443')).toEqual({ is: 'socket', end: 'any', value: '[fd00::1]:443', not: false })
  expect(shown('5432')).toEqual({ is: 'port', end: 'any', value: '5432', not: false })
  expect(shown('tcp')).toEqual({ is: 'protocol', value: 'TCP', not: false })
  expect(shown('a.b "c\\d"')).toBeUndefined()
  expect(shown('a.b')).toEqual({ is: 'text', value: 'a.b', not: false })
  expect(shown('not web')).toEqual({ is: 'text', value: 'web', not: true })
  expect(termsOf('any.owner_name != "check out"')).toEqual({
    is: 'value',
    field: 'any.owner_name',
    value: 'check out',
    not: true,
  })
  expect(termsOf('not dst.port = 53')).toEqual({ is: 'port', end: 'dst', value: '53', not: true })
  expect(termsOf('bytes > 1k')).toBeUndefined()
  expect(termsOf('src_name = db-*')).toBeUndefined()
})
