import { expect, test } from 'vitest'
import type { Variable } from './definition.ts'
import { itemsOf, parametersOf, withVariables } from './variables.ts'

const variable = (name: string, value: string, type: Variable['type'] = 'string'): Variable => ({ name, value, type })

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
