import { expect, test } from 'vitest'
import { newDashboard, newPanel, readDashboard, writeDashboard } from '../../../parts/dashboards/definition.ts'
import { boardPanel } from './board-panel.ts'
import { panelKinds } from './kinds.ts'
import { panelNames } from './state.ts'

const t = { from: 'now-2h', to: 'now' }
const flowQuery = { filter: 'dst_port = 443', both: true, once: false, t, revision: 1 }
const drawn = { by: 'bytes', dim: 'src_endpoint', percentileField: 'rtt', top: 5, title: 'T' } as const

test.each(panelNames)('the panel %s of the overview is a valid panel of a dashboard, with filter and range', (name) => {
  const added = boardPanel(name, flowQuery, drawn)
  const panel = { ...newPanel, ...added.panel }
  expect(added.t).toEqual(t)
  expect(panel.filter).toContain('dst_port = 443')
  expect(panel.select).toMatchObject({ both_ways: 'true' })
  expect(readDashboard(writeDashboard({ ...newDashboard, panels: [panel] })).panels).toEqual([panel])
  const kind = panelKinds[name]
  if ('field' in kind && kind.field !== undefined) expect(panel.group.split(',')).toContain(kind.field)
})
