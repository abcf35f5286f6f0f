import { expect, test } from 'vitest'
import { parameterFields, withTypes } from './parameters.ts'

test.each([
  ['SELECT $a, $b, $l', 'SELECT {a:String}, {b:Int64}, {l:Array(Float64)}'],
  ['SELECT $none', 'SELECT {none:Array(Nothing)}'],
  [`SELECT '$a', "$a", \`$a\` -- $a`, `SELECT '$a', "$a", \`$a\` -- $a`],
  ['SELECT /* $a */ $tag$ $a $tag$, $$ $a $$, x$a, $a', 'SELECT /* $a */ $tag$ $a $tag$, $$ $a $$, x$a, {a:String}'],
  [`SELECT 'it''s $a', '\\' $a', $a`, `SELECT 'it''s $a', '\\' $a', {a:String}`],
])('names outside of texts get the type of their value: %s', (sql, expected) => {
  expect(withTypes(sql, { a: "'", b: 1, l: [1.5, 2], none: [] })).toBe(expected)
})

test('a name without a value is refused, also one that every object has', () => {
  expect(() => withTypes('SELECT $constructor', {})).toThrow('Parameter $constructor has no value.')
})

test('values are escaped as the server reads them', () => {
  expect(parameterFields({ t: "a\\b'\n", n: 1.5, l: ["it's", '\t'], i: [1, 2], none: [] })).toEqual({
    param_t: "a\\\\b'\\n",
    param_n: '1.5',
    param_l: "['it\\'s','\\t']",
    param_i: '[1,2]',
    param_none: '[]',
  })
})
