import { expect, test } from 'vitest'
import { dashboardProblem } from '../../../../src/api/routes/dashboards.ts'
import {
  moved,
  newPanel,
  newVariable,
  panelKinds,
  panelScopes,
  panelUnits,
  panelViews,
  readDashboard,
  writeDashboard,
} from './definition.ts'

test('a dashboard survives its JSON', () => {
  const dashboard = {
    title: 'Shop',
    variables: [
      { ...newVariable, name: 'ns', value: 'shop' },
      { ...newVariable, name: 'ports', value: '80, 443', type: 'list' as const, query: 'label_values(up, port)' },
      { ...newVariable, name: 'env', options: ['prod', 'test'] },
    ],
    panels: [
      newPanel,
      { ...newPanel, kind: 'topology' as const, scope: 'namespace' as const },
      { ...newPanel, kind: 'sql' as const, width: 4, sql: 'SELECT 1', title: 'One' },
      {
        ...newPanel,
        kind: 'metric' as const,
        view: 'gauge' as const,
        queries: [{ expr: 'up', legend: '{{job}}' }],
        unit: 'ratio' as const,
        min: 0,
        max: 1,
        thresholds: [{ at: 0.5, tone: 'warning' as const }],
        repeat: 'ns',
        range: 'now-1d..now',
      },
      { ...newPanel, kind: 'changes' as const, select: { kind: 'Deployment,Service' }, stack: 'lines' as const },
      { ...newPanel, kind: 'text' as const, text: '# Shop' },
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
  ['{"panels": [{"unit": "pounds"}]}', /`unit` is none of/],
  ['{"panels": [{"view": "pie"}]}', /`view` is none of/],
  ['{"panels": [{"max": "9"}]}', /`max` is not a number/],
  ['{"panels": [{"thresholds": [{"at": 1, "tone": "pink"}]}]}', /threshold/],
  ['{"panels": [{"queries": [{"legend": "x"}]}]}', /no `expr`/],
  ['{"panels": [{"select": {"kind": 1}}]}', /`select` is not an object of texts/],
  ['{"variables": [{"name": "x", "options": [1]}]}', /`options` is not a list/],
  ['{', /JSON/],
])('refuses %s, as the server does in files', (text, message) => {
  expect(() => readDashboard(text)).toThrow(message)
  if (text !== '{') expect(dashboardProblem(JSON.parse(text))).toBeDefined()
})

test.each([
  ...panelKinds.map((kind) => ({ kind })),
  ...panelScopes.map((scope) => ({ kind: 'topology', scope })),
  ...panelUnits.map((unit) => ({ kind: 'metric', unit })),
  ...panelViews.map((view) => ({ kind: 'metric', view })),
  { kind: 'metric', queries: [{ expr: 'up' }], language: 'logql', min: 0, max: 1, stack: 'stacked', repeat: 'n' },
  { kind: 'text', text: '# a', range: 'now-1d..now', thresholds: [{ at: 1, tone: 'bad' }], select: { a: 'b' } },
  { by: 'drop_bytes' },
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

/** As the version before kinds of panels besides flows wrote them; an old panel can have members of another kind. */
const earlier =
  '{"title":"Shop","variables":[{"name":"ns","value":"shop"},{"name":"p","value":"80","type":"list"}],"panels":' +
  '[{"kind":"series","title":"To","filter":"dst.ns = $ns","group":"src_endpoint,dst_port","width":4},' +
  '{"kind":"top","by":"flows","limit":20,"sql":"SELECT 1"},{"kind":"stat"},{"kind":"table","limit":5},' +
  '{"kind":"topology","scope":"workload"},{"kind":"sql","sql":"SELECT count(*) FROM flows","filter":"x = 1"}]}'

test('a dashboard of the version before opens and is written unchanged', () => {
  expect(JSON.parse(writeDashboard(readDashboard(earlier)))).toEqual(JSON.parse(earlier))
  expect(dashboardProblem(JSON.parse(earlier))).toBeUndefined()
})
