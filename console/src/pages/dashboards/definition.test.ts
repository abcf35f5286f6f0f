import { expect, test } from 'vitest'
import { dashboardProblem } from '../../../../src/api/routes/dashboards.ts'
import { moved, newPanel, panelKinds, panelScopes, readDashboard, writeDashboard } from './definition.ts'

test('a dashboard survives its JSON', () => {
  const dashboard = {
    title: 'Shop',
    variables: [
      { name: 'ns', value: 'shop', type: 'string' as const },
      { name: 'ports', value: '80, 443', type: 'list' as const },
    ],
    panels: [
      newPanel,
      { ...newPanel, kind: 'topology' as const, scope: 'namespace' as const },
      { ...newPanel, kind: 'sql' as const, width: 4, sql: 'SELECT 1', title: 'One' },
    ],
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
  ['{"variables": [{"name": "x", "type": "date"}]}', /variable 1: `type` is none of/],
  ['{"panels": [{"kind": "topology", "scope": "planet"}]}', /panel 1: `scope` is none of/],
  ['{', /JSON/],
])('refuses %s, as the server does in files', (text, message) => {
  expect(() => readDashboard(text)).toThrow(message)
  if (text !== '{') expect(dashboardProblem(JSON.parse(text))).toBeDefined()
})

test.each([
  ...panelKinds.map((kind) => ({ kind })),
  ...panelScopes.map((scope) => ({ kind: 'topology', scope })),
  { width: 4, limit: 100, by: 'flows', title: 't', group: '', filter: '', sql: '' },
])('accepts a panel %j, as the server does in files', (panel) => {
  const text = JSON.stringify({ title: 'x', variables: [{ name: 'n', type: 'number' }], panels: [panel] })
  expect(readDashboard(text).panels).toHaveLength(1)
  expect(dashboardProblem(JSON.parse(text))).toBeUndefined()
})

test('panels move within the list', () => {
  expect(moved(['a', 'b', 'c'], 0, 1)).toEqual(['b', 'a', 'c'])
  expect(moved(['a', 'b', 'c'], 0, -1)).toEqual(['a', 'b', 'c'])
  expect(moved(['a', 'b', 'c'], 2, 1)).toEqual(['a', 'b', 'c'])
})
