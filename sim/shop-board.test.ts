import { expect, test } from 'vitest'
import { dashboardProblem } from '../src/api/routes/dashboards.ts'
import { panelKinds } from '../src/topics/dashboards/schema.ts'
import { shopBoard } from './shop-board.ts'

test('the dashboard of the demo is one that Weir reads, with most kinds of panels', () => {
  expect(dashboardProblem(JSON.parse(JSON.stringify(shopBoard)))).toBeUndefined()
  const kinds = new Set<string>(shopBoard.panels.map(({ kind }) => kind))
  expect(panelKinds.filter((kind) => !kinds.has(kind))).toEqual(['stat', 'table', 'logs', 'events', 'numbers', 'sql'])
})
