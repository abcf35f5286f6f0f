import { expect, test } from 'vitest'
import { newVariable, type Variable } from './definition.ts'
import { inExpression, inText, itemsOf, itemText, parametersOf, withVariables } from './variables.ts'

const variable = (name: string, value: string, type: Variable['type'] = 'string'): Variable => ({
  ...newVariable,
  name,
  value,
  type,
})

test('variables are quoted in filters, so that a value cannot change the filter', () => {
  const variables = [variable('ns', 'a" or bytes > 0 or x = "'), variable('ports', '80, x"y', 'list')]
  expect(withVariables('src.ns = $ns and dst.ns = "$ns" and x = $none and p in $ports', variables)).toBe(
    'src.ns = "a\\" or bytes > 0 or x = \\"" and dst.ns = "$ns" and x = $none and p in ("80", "x\\"y")',
  )
})

test.each([
  ['', []],
  ['80, 443', [80, 443]],
  ['80, shop', ['80', 'shop']],
  ['"80","a, b", "x\\"y"', ['80', 'a, b', 'x"y']],
  [' a ,', ['a', '']],
])('the items of the list %j', (text, items) => {
  expect(itemsOf(text)).toEqual(items)
})

test('a statement gets the values of the variables that it names, by their types', () => {
  const variables = [
    variable('text', '443'),
    variable('port', '443', 'number'),
    variable('ports', '80,443', 'list'),
    variable('other', 'x', 'number'),
  ]
  expect(parametersOf('SELECT $text, $port, $ports', variables)).toEqual({ text: '443', port: 443, ports: [80, 443] })
  expect(() => parametersOf('SELECT $other', variables)).toThrow('Variable other is not a number.')
  expect(() => parametersOf('SELECT $l', [variable('l', '"a', 'list')])).toThrow('A quote has no end in the list: "a')
})

const steps = { start: 0, end: 3600, step: 15 }

test('a value in an expression cannot end its text, and a list is a regular expression', () => {
  const variables = [
    variable('ns', 'a"} or up{x="\\'),
    variable('pod', 'web-1, db.0', 'list'),
    variable('all', '', 'list'),
  ]
  expect(inExpression('up{ns="$ns", pod=~"${pod:regex}", all=~"[[all]]", none="$none"}', variables, steps)).toBe(
    String.raw`up{ns="a\"} or up{x=\"\\", pod=~"(web\\-1|db\\.0)", all=~".*", none="$none"}`,
  )
  expect(inExpression('${ns:raw}', variables, steps)).toBe('a"} or up{x="\\')
})

test('the variables of time ranges follow the step and the range', () => {
  expect(inExpression('rate(x[$__rate_interval]) + x[$__interval] offset $__range', [], steps)).toBe(
    'rate(x[60s]) + x[15s] offset 3600s',
  )
  expect(inExpression('x[${__rate_interval}]', [], { ...steps, step: 60 })).toBe('x[240s]')
})

test('texts have the values of variables, lists with spaces', () => {
  const variables = [variable('ns', 'shop'), variable('ports', '80,"a b"', 'list')]
  expect(inText('$ns: ${ports} of $none', variables)).toBe('shop: 80, a b of $none')
  expect([itemText('web-1'), itemText('a, "b"')]).toEqual(['web-1', '"a, \\"b\\""'])
})
