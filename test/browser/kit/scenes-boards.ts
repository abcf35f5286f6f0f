// Dashboards, charts of numbers, more panels of the overview, Investigate, the preceding changes, and the documents.
import type { Page } from 'playwright-core'
import { shopBoard, wideBoard } from './clouds-place.ts'
import { shownIncident } from './incident.ts'
import { after, charted, is, openDrawer, row, text, type Scene } from './scene.ts'

const on = 'clouds'
const widePath = `/dashboards?v=1&d=${encodeURIComponent(JSON.stringify(wideBoard))}`
const boardPath = `/dashboards?v=1&d=${encodeURIComponent(JSON.stringify(shopBoard))}`
const points = '/charts?v=1&field=/celsius&by=subject'
const investigated = '/investigate?v=1&live=0&of=shop/api'
const panels = '/flows?v=1&live=0&view=overview&t=now-1h..now&panels='
const preceding = (page: Page): Promise<void> => page.locator('aside.drawer .why').waitFor()
const lanes = (page: Page): Promise<void> => page.locator('[data-lane="changes"] .lane-mark').first().waitFor()

const dashboards: readonly Scene[] = [
  {
    name: 'dashboards',
    page: 'Dashboards',
    description: 'Dashboards from files, one of which is invalid.',
    on,
    path: '/dashboards',
    act: text('broken.json'),
  },
  {
    name: 'dashboards-one',
    page: 'Dashboards',
    description: 'A dashboard with a variable.',
    on,
    path: boardPath,
    act: after(charted, text('Latest flows'), (page) => page.locator('.panel-table tbody tr').first().waitFor()),
  },
  {
    name: 'dashboards-edit',
    page: 'Dashboards',
    description: 'The dashboard is edited.',
    on,
    path: `${boardPath}&edit=1`,
    act: (page) => page.getByRole('group', { name: 'Add a panel' }).waitFor(),
  },
  {
    name: 'dashboards-kinds',
    page: 'Dashboards',
    description: 'Text, metrics, insights, costs, changes, traces, events, and a panel for each value of a variable.',
    on,
    path: widePath,
    act: after(charted, text('Flows of shop')),
  },
  {
    name: 'dashboards-kinds-edit',
    page: 'Dashboards',
    description: 'Fields of all kinds.',
    on,
    path: `${widePath}&edit=1`,
    act: charted,
  },
  {
    name: 'dashboards-add',
    page: 'Dashboards',
    description: 'A panel of a page is added.',
    on,
    path: '/changes?v=1&live=0',
    act: async (page) => {
      await page.getByRole('button', { name: 'Add to dashboard' }).first().click()
      await page.getByRole('dialog', { name: 'Add to dashboard' }).getByRole('textbox').first().waitFor()
    },
  },
  {
    name: 'dashboards-none',
    page: 'Dashboards',
    description: 'None yet.',
    on: 'fresh',
    path: '/dashboards',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'dashboards-empty',
    page: 'Dashboards',
    description: 'A dashboard without panels.',
    on,
    path: `/dashboards?v=1&d=${encodeURIComponent('{"title":"Empty","panels":[]}')}`,
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'dashboards-loading',
    page: 'Dashboards',
    description: 'Panels on their way.',
    on,
    path: boardPath,
    hold: /^\/api\/v1\/(?:flows|series|sql)$/,
    state: 'loading',
    act: is('loading'),
  },
  {
    name: 'dashboards-error',
    page: 'Dashboards',
    description: 'The server failed.',
    on,
    path: boardPath,
    fail: { at: /^\/api\/v1\/(?:flows|series|sql)$/, status: 500 },
    state: 'error',
    act: is('error'),
  },
]

const bytesMetric = '/metrics?v=1&m=weir_flow_bytes_total'

const metrics: readonly Scene[] = [
  {
    name: 'metrics',
    page: 'Metrics',
    description: 'Names, types, units and descriptions.',
    on,
    path: '/metrics',
    act: row,
  },
  {
    name: 'metrics-one',
    page: 'Metrics',
    description: 'A counter per second, by a label.',
    on,
    path: `${bytesMetric}&by=dst_namespace`,
    act: charted,
  },
  {
    name: 'metrics-why',
    page: 'Metrics',
    description: 'The changes before a change of the metric.',
    on,
    path: `${bytesMetric}&why=1`,
    act: after(charted, preceding),
  },
  {
    name: 'metrics-no-samples',
    page: 'Metrics',
    description: 'The expression has no result.',
    on,
    path: '/metrics?v=1&expr=no_such_metric',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'metrics-no-store',
    page: 'Metrics',
    description: 'There is no store.',
    on: 'bare',
    path: '/metrics',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'metrics-loading',
    page: 'Metrics',
    description: 'On its way.',
    on,
    path: '/metrics',
    hold: /^\/prometheus\/api\/v1/,
    state: 'loading',
    act: is('loading'),
  },
  {
    name: 'metrics-error',
    page: 'Metrics',
    description: 'The server failed.',
    on,
    path: '/metrics',
    fail: { at: /^\/prometheus\/api\/v1/, status: 500 },
    state: 'error',
    act: is('error'),
  },
]

const charts: readonly Scene[] = [
  { name: 'charts', page: 'Charts', description: 'A number over time, by subject.', on, path: points, act: charted },
  {
    name: 'charts-no-numbers',
    page: 'Charts',
    description: 'The family has no numbers.',
    on,
    path: '/charts?v=1&family=log',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'charts-no-store',
    page: 'Charts',
    description: 'There is no store.',
    on: 'bare',
    path: '/charts',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'charts-loading',
    page: 'Charts',
    description: 'On its way.',
    on,
    path: points,
    hold: /^\/api\/v1\/events/,
    state: 'loading',
    act: is('loading'),
  },
  {
    name: 'charts-error',
    page: 'Charts',
    description: 'The server failed.',
    on,
    path: points,
    fail: { at: /^\/api\/v1\/events/, status: 500 },
    state: 'error',
    act: is('error'),
  },
  {
    name: 'flows-panels-networks',
    page: 'Flows: overview',
    description: 'Autonomous systems, countries, the map and the boundary.',
    on,
    path: `${panels}srcas,dstcountry,map,boundary,inif`,
    act: (page) => page.locator('.world-country').first().waitFor(),
  },
  {
    name: 'flows-panels-percentiles',
    page: 'Flows: overview',
    description: 'Percentiles of a field.',
    on,
    path: `${panels}percentiles,packets,flows&pf=packets`,
    act: charted,
  },
]

const investigate: readonly Scene[] = [
  {
    name: 'investigate',
    page: 'Investigate',
    description: 'One subject in lanes.',
    on: 'cluster',
    path: investigated,
    act: after(lanes, row),
  },
  {
    name: 'investigate-change',
    page: 'Investigate',
    description: 'A change of a lane.',
    on: 'cluster',
    path: investigated,
    act: after(
      lanes,
      (page) => page.locator('[data-lane="changes"] .lane-mark').first().click(),
      (page) => page.locator('aside.drawer').waitFor(),
    ),
  },
  {
    name: 'investigate-why',
    page: 'Investigate',
    description: 'What changed before.',
    on: 'cluster',
    path: `${investigated}&why=1`,
    act: after(lanes, preceding),
  },
  {
    name: 'investigate-start',
    page: 'Investigate',
    description: 'No subject is selected.',
    on: 'cluster',
    path: '/investigate',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'investigate-matches',
    page: 'Investigate',
    description: 'Matches of a name.',
    on: 'cluster',
    path: '/investigate',
    act: after(
      (page) => page.getByRole('searchbox').fill('api'),
      (page) => page.keyboard.press('Enter'),
      (page) => page.getByRole('list', { name: 'Matches' }).getByRole('button').first().waitFor(),
    ),
  },
  {
    name: 'investigate-no-store',
    page: 'Investigate',
    description: 'There is no store.',
    on: 'bare',
    path: investigated,
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'investigate-loading',
    page: 'Investigate',
    description: 'On its way.',
    on: 'cluster',
    path: investigated,
    hold: /^\/api\/v1\/investigat/,
    state: 'loading',
    act: is('loading'),
  },
  {
    name: 'investigate-error',
    page: 'Investigate',
    description: 'The server failed.',
    on: 'cluster',
    path: investigated,
    fail: { at: /^\/api\/v1\/investigat/, status: 500 },
    state: 'error',
    act: is('error'),
  },
  {
    name: 'flows-why',
    page: 'Flows',
    description: 'What changed before the selected time range.',
    on: 'cluster',
    path: '/flows?v=1&live=0&view=overview&t=now-1h..now&why=1',
    act: preceding,
  },
]

const incidents: readonly Scene[] = [
  {
    name: 'incidents',
    page: 'Incidents',
    description: 'Incidents with their causes.',
    on: 'cluster',
    path: '/incidents',
    act: row,
  },
  {
    name: 'incidents-one',
    page: 'Incidents',
    description: 'Candidates, pins, notes and history of one.',
    on: 'cluster',
    path: `/incidents?v=1&sel=${shownIncident}`,
    act: after(row, openDrawer, text('created by local')),
  },
  {
    name: 'incidents-edit',
    page: 'Incidents',
    description: 'Its title and notes are edited.',
    on: 'cluster',
    path: `/incidents?v=1&sel=${shownIncident}&edit=1`,
    act: (page) => page.locator('aside.drawer textarea').waitFor(),
  },
  {
    name: 'incidents-none',
    page: 'Incidents',
    description: 'None yet.',
    on: 'fresh',
    path: '/incidents',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'incidents-loading',
    page: 'Incidents',
    description: 'On its way.',
    path: '/incidents',
    hold: /^\/api\/v1\/incidents/,
    state: 'loading',
    act: is('loading'),
  },
  {
    name: 'incidents-error',
    page: 'Incidents',
    description: 'The server failed.',
    path: '/incidents',
    fail: { at: /^\/api\/v1\/incidents/, status: 500 },
    state: 'error',
    act: is('error'),
  },
]

const docs: readonly Scene[] = [
  {
    name: 'docs',
    page: 'Documents',
    description: 'The guide of the console.',
    path: '/docs',
    act: (page) => page.locator('.docs article h1').waitFor(),
  },
  {
    name: 'docs-reference',
    page: 'Documents',
    description: 'A reference with wide tables.',
    path: '/docs?v=1&page=reference/fields',
    act: (page) => page.locator('.docs-table').first().waitFor(),
  },
  {
    name: 'docs-none',
    page: 'Documents',
    description: 'An unknown page.',
    path: '/docs?v=1&page=nothing',
    state: 'empty',
    act: is('empty'),
  },
]

export const boards: readonly Scene[] = [...dashboards, ...metrics, ...charts, ...investigate, ...incidents, ...docs]
