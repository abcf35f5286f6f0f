import { expect, test } from 'vitest'
import { moved, newPanel, readDashboard, withVariables, writeDashboard } from './definition.ts'

test('a dashboard survives its JSON', () => {
  const dashboard = {
    title: 'Shop',
    variables: [{ name: 'ns', value: 'shop' }],
    panels: [newPanel, { ...newPanel, kind: 'sql' as const, width: 4, sql: 'SELECT 1', title: 'One' }],
  }
  expect(readDashboard(writeDashboard(dashboard))).toEqual(dashboard)
  expect(writeDashboard({ title: '', variables: [], panels: [newPanel] })).toBe('{"panels":[{"kind":"series"}]}')
})

test.each([
  ['[]', /not an object/],
  ['{"pannels": []}', /unknown member `pannels`/],
  ['{"panels": [{"kind": "pie"}]}', /panel 1: `kind` is none of/],
  ['{"panels": [{"kind": "top", "width": 9}]}', /`width` is not from 1 to 4/],
  ['{"panels": [{"kind": "top", "color": "red"}]}', /unknown member `color`/],
  ['{"variables": [{"name": "1x"}]}', /no valid name/],
  ['{', /JSON/],
])('refuses %s', (text, message) => {
  expect(() => readDashboard(text)).toThrow(message)
})

test('variables are quoted in filters, so that a value cannot change the filter', () => {
  const variables = [{ name: 'ns', value: 'a" or bytes > 0 or x = "' }]
  expect(withVariables('src.ns = $ns and dst.ns = "$ns" and x = $none', variables)).toBe(
    'src.ns = "a\\" or bytes > 0 or x = \\"" and dst.ns = "$ns" and x = $none',
  )
})

test('panels move within the list', () => {
  expect(moved(['a', 'b', 'c'], 0, 1)).toEqual(['b', 'a', 'c'])
  expect(moved(['a', 'b', 'c'], 0, -1)).toEqual(['a', 'b', 'c'])
  expect(moved(['a', 'b', 'c'], 2, 1)).toEqual(['a', 'b', 'c'])
})
